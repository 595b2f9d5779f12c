using Npgsql;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Learning.Deployments;

/// <summary>A name of a project and the trained models behind it.</summary>
/// <param name="Model">What the name points at; null until its first model is ready.</param>
/// <param name="Next">What it will point at when a worker has it ready; null when nothing is to change.</param>
/// <param name="Previous">What it pointed at before; null for none.</param>
/// <param name="SwitchedAt">When it began to point at <paramref name="Model"/>.</param>
internal sealed record Deployment(
    string Name, string? Model, string? Next, string? Previous, DeploymentMinimum? Minimum, DateTimeOffset CreatedAt,
    DateTimeOffset? SwitchedAt)
{
    /// <summary>Columns in the order of <see cref="Read"/>.</summary>
    public const string Columns =
        "name, model, next_model, previous_model, metric, threshold::double precision, created_at, switched_at";

    /// <summary>Whether nothing is to change any more.</summary>
    public bool IsReady => Next is null;

    public static Deployment Read(NpgsqlDataReader row) => new(
        row.GetString(0), Text(row, 1), Text(row, 2), Text(row, 3),
        Text(row, 4) is { } metric ? new DeploymentMinimum(metric, row.GetDouble(5)) : null, row.GetFieldValue<DateTimeOffset>(6),
        row.IsDBNull(7) ? null : row.GetFieldValue<DateTimeOffset>(7));

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
