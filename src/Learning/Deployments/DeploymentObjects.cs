using System.Text.Json;
using System.Text.Json.Serialization;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Files;

namespace Tollgate.Learning.Deployments;

/// <summary>A deployment on the wire.</summary>
/// <param name="Model">What the name points at; null until the first model is ready.</param>
/// <param name="Status"><c>deploying</c> while <paramref name="NextModel"/> is not ready at any worker, else <c>ready</c>.</param>
internal sealed record DeploymentObject(
    string Id, string Object, string Name, string? Model, string? NextModel, string? PreviousModel, string Status,
    DeploymentMinimum? Minimum, long CreatedAt, long? SwitchedAt)
{
    public static DeploymentObject Of(Deployment deployment) => new(
        deployment.Name, "fine_tuning.deployment", deployment.Name, deployment.Model, deployment.Next, deployment.Previous,
        deployment.IsReady ? "ready" : "deploying", deployment.Minimum, deployment.CreatedAt.ToUnixTimeSeconds(),
        deployment.SwitchedAt?.ToUnixTimeSeconds());
}

/// <summary>All deployments of a project.</summary>
internal sealed record DeploymentListObject(string Object, IReadOnlyList<DeploymentObject> Data, bool HasMore);

/// <summary>A trained model on the wire.</summary>
/// <param name="DeployedAs">Names that point at it.</param>
internal sealed record TunedModelObject(
    string Id, string Object, string BaseModel, string Job, string Method, JsonElement Labels, long Bytes, double Accuracy, double MacroF1,
    double? RocAuc, IReadOnlyList<string> DeployedAs, long CreatedAt)
{
    /// <summary>Prefix of a job's id.</summary>
    private const string JobPrefix = "ftjob-";

    public static TunedModelObject Of(TunedModel model, IReadOnlyList<string> names) => new(
        model.Name, "fine_tuning.model", model.BaseModel, $"{JobPrefix}{model.Job:N}", model.Method, JsonElement.Parse(model.Labels),
        model.Bytes, model.Accuracy, model.MacroF1, model.RocAuc, names, model.CreatedAt.ToUnixTimeSeconds());
}

/// <summary>A page of trained models.</summary>
internal sealed record TunedModelListObject(string Object, IReadOnlyList<TunedModelObject> Data, bool HasMore);

/// <summary>What stays of a deleted model.</summary>
/// <param name="DeletedBy"><c>key_</c> and the key's id; null for a member of the project who used none.</param>
/// <param name="ContentRemoved">Whether the sealed bytes have left the store; their key went with the deletion.</param>
internal sealed record ModelReceiptObject(
    string Id, string Object, long Bytes, string Sha256, long CreatedAt, long DeletedAt, string? DeletedBy, bool ContentRemoved,
    SignatureObject Signature)
{
    public static ModelReceiptObject Of(ModelReceipt receipt) => new(
        receipt.Name, "fine_tuning.model.deletion_receipt", receipt.Bytes, receipt.Sha256, receipt.CreatedAt.ToUnixTimeSeconds(),
        receipt.DeletedAt.ToUnixTimeSeconds(), receipt.DeletedBy is { } key ? $"key_{key:N}" : null, receipt.IsRemoved,
        new SignatureObject("HMAC-SHA256", receipt.SigningKey, receipt.SignedText, Convert.ToHexStringLower(receipt.Mac)));
}

/// <summary>Serializes the objects above.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(DeploymentObject))]
[JsonSerializable(typeof(DeploymentListObject))]
[JsonSerializable(typeof(TunedModelObject))]
[JsonSerializable(typeof(TunedModelListObject))]
[JsonSerializable(typeof(DeletedObject))]
[JsonSerializable(typeof(ModelReceiptObject))]
internal sealed partial class DeploymentJson : JsonSerializerContext;
