using System.Text.Json;
using System.Text.Json.Serialization;
using Tollgate.Contracts.Audit;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Explanations;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Learning;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Reports;
using Tollgate.Contracts.Usage;
using Tollgate.Contracts.Workers;

namespace Tollgate.Contracts.Json;

/// <summary>JSON of all messages between processes of the platform: camelCase, enums as numbers, nulls omitted.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AuditLine))]
[JsonSerializable(typeof(AuditExportLine))]
[JsonSerializable(typeof(AuditHeadLine))]
[JsonSerializable(typeof(IReadOnlyList<AuditChainReport>))]
[JsonSerializable(typeof(KeyRecord))]
[JsonSerializable(typeof(VersionReport))]
[JsonSerializable(typeof(IReadOnlyList<VersionedModel>))]
[JsonSerializable(typeof(SetWeights))]
[JsonSerializable(typeof(SetShadow))]
[JsonSerializable(typeof(StartCanary))]
[JsonSerializable(typeof(IReadOnlyList<CanaryReport>))]
[JsonSerializable(typeof(OrganizationPolicy))]
[JsonSerializable(typeof(ResolvedKey))]
[JsonSerializable(typeof(ResolveKey))]
[JsonSerializable(typeof(KeyUseBatch))]
[JsonSerializable(typeof(Bootstrap))]
[JsonSerializable(typeof(Bootstrapped))]
[JsonSerializable(typeof(CreateOperatorKey))]
[JsonSerializable(typeof(CreatedKey))]
[JsonSerializable(typeof(KeyListPage))]
[JsonSerializable(typeof(KeyExplanation))]
[JsonSerializable(typeof(UsageEvent))]
[JsonSerializable(typeof(UsageBooked))]
[JsonSerializable(typeof(RegisterJournal))]
[JsonSerializable(typeof(JournalRegistered))]
[JsonSerializable(typeof(IReadOnlyList<JournalState>))]
[JsonSerializable(typeof(LeaseRequest))]
[JsonSerializable(typeof(Lease))]
[JsonSerializable(typeof(PriceSnapshot))]
[JsonSerializable(typeof(SetPrice))]
[JsonSerializable(typeof(OpenWallet))]
[JsonSerializable(typeof(WalletState))]
[JsonSerializable(typeof(WelcomeCreditReport))]
[JsonSerializable(typeof(StartCheckout))]
[JsonSerializable(typeof(CheckoutStarted))]
[JsonSerializable(typeof(IReadOnlyList<StatementLine>))]
[JsonSerializable(typeof(UsageReport))]
[JsonSerializable(typeof(UsageBucketQuery))]
[JsonSerializable(typeof(RequestCostQuery))]
[JsonSerializable(typeof(RequestCosts))]
[JsonSerializable(typeof(IReadOnlyList<RejectedUsage>))]
[JsonSerializable(typeof(ResolveRejectedUsage))]
[JsonSerializable(typeof(BooksState))]
[JsonSerializable(typeof(CheckoutState))]
[JsonSerializable(typeof(CatalogueSnapshot))]
[JsonSerializable(typeof(Fleet))]
[JsonSerializable(typeof(WorkerStatus))]
[JsonSerializable(typeof(WorkerHeartbeat))]
[JsonSerializable(typeof(WorkerLeaving))]
[JsonSerializable(typeof(WorkerDirectory))]
[JsonSerializable(typeof(IReadOnlyList<WorkerLine>))]
[JsonSerializable(typeof(Cancelled))]
[JsonSerializable(typeof(WitnessPage))]
[JsonSerializable(typeof(TrainingOrder))]
[JsonSerializable(typeof(TrainingPlan))]
[JsonSerializable(typeof(TrainingEvent))]
[JsonSerializable(typeof(DeploymentSnapshot))]
[JsonSerializable(typeof(DestroyedContents))]
[JsonSerializable(typeof(LedgerPage))]
public sealed partial class ContractsJson : JsonSerializerContext;
