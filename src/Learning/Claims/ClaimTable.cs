using Npgsql;

namespace Tollgate.Learning.Claims;

/// <summary>Whose work is claimed: a table with the columns <c>id</c>, <c>runner</c> and <c>runner_until</c>.</summary>
/// <param name="What">One row in words, such as "Batch".</param>
/// <param name="Name">The table.</param>
/// <param name="Columns">In the order of <paramref name="Read"/>.</param>
/// <param name="IsLive">Condition of SQL: there is work to do, and the process that has it may write.</param>
internal sealed record ClaimTable<T>(string What, string Name, string Columns, Func<NpgsqlDataReader, T> Read, string IsLive)
{
    public required Func<T, Guid> IdOf { get; init; }

    /// <summary>Condition of SQL beside <see cref="IsLive"/>: the work may begin. <c>$1</c> is now.</summary>
    public string IsDue { get; init; } = "true";

    /// <summary>Which row is taken first. <c>$1</c> is now.</summary>
    public string Order { get; init; } = "created_at";

    /// <summary>What a claim sets beside the process, with a comma before it. <c>$1</c> is now.</summary>
    public string Sets { get; init; } = "";
}
