using System.CommandLine;
using Tollgate.Cli.Audit;
using Tollgate.Cli.Federated;
using Tollgate.Cli.FirstOperator;
using Tollgate.Cli.Gateways;
using Tollgate.Cli.Keys;
using Tollgate.Cli.Models;
using Tollgate.Cli.Prices;
using Tollgate.Cli.Usage;
using Tollgate.Cli.Workers;

namespace Tollgate.Cli;

/// <summary>The verbs that operate an installation, on one machine or as a cluster.</summary>
public static class OperatorVerbs
{
    public static IReadOnlyList<Command> Create() =>
    [
        BootstrapCommand.Create(), KeysCommand.Create(), ModelsCommand.Create(), PricesCommand.Create(), GatewaysCommand.Create(),
        WorkersCommand.Create(), UsageCommand.Create(), AuditCommand.Create(), FederatedCommand.Create(),
    ];
}
