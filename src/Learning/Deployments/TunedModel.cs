using System.Text.Json;
using Npgsql;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Learning.Deployments;

/// <summary>A trained model that is not deleted.</summary>
/// <param name="Labels">JSON array of texts, in the order of the model's numbers.</param>
/// <param name="Evaluation">The trainer's <c>training.json</c>.</param>
internal sealed record TunedModel(
    string Name, string BaseModel, Guid Job, string? Suffix, string Method, string Labels, long Bytes, string Evaluation, double Accuracy,
    double MacroF1, DateTimeOffset CreatedAt)
{
    /// <summary>Columns in the order of <see cref="Read"/>.</summary>
    public const string Columns =
        "name, base_model, job_id, suffix, method, labels, bytes, evaluation, accuracy, macro_f1, created_at";

    /// <summary>Area under the receiver's curve; null where the evaluation has none: more than two labels.</summary>
    public double? RocAuc
    {
        get
        {
            using var document = JsonDocument.Parse(Evaluation);
            return document.RootElement.TryGetProperty("evaluation", out var report) && report.ValueKind == JsonValueKind.Object
                && report.TryGetProperty("roc_auc", out var area) && area.ValueKind == JsonValueKind.Number
                ? area.GetDouble() : null;
        }
    }

    /// <summary>What a deployment is called whose request names none: the suffix in lower case, or else the model's name.</summary>
    public string UsualName => Suffix?.ToLowerInvariant() is { } suffix && DeploymentRequest.IsName(suffix) ? suffix : Name;

    /// <summary>The value of a metric that a minimum can name; null where the evaluation has none.</summary>
    public double? Reached(string metric) => metric switch
    {
        "accuracy" => Accuracy,
        "macro_f1" => MacroF1,
        _ => RocAuc,
    };

    public static TunedModel Read(NpgsqlDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetGuid(2), row.IsDBNull(3) ? null : row.GetString(3), row.GetString(4), row.GetString(5),
        row.GetInt64(6), row.GetString(7), row.GetDouble(8), row.GetDouble(9), row.GetFieldValue<DateTimeOffset>(10));
}
