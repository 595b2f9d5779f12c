using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Npgsql;
using NpgsqlTypes;

namespace Tollgate.Testing;

/// <summary>
/// Reads from the log of a private Postgres which statements services sent to each database, with their values and the organization that
/// the session had set. Leaves out what tests send themselves (<see cref="PostgresServer.SeeingAll"/>). Not thread-safe.
/// </summary>
internal sealed partial class StatementLog(string path)
{
    /// <summary>Name of connections of tests.</summary>
    public const string TestsOwn = "test";

    /// <summary>Most executions of one statement that are kept of a database: the last ones, as the rows of the end are there.</summary>
    private const int MostOfOne = 3;

    private readonly Dictionary<string, Session> _sessions = [];
    private readonly Dictionary<string, StatementsOfDatabase> _databases = [];
    private long _position;

    /// <summary>Settings with which a server writes the log, as <c>log/statements.json</c> in its data folder.</summary>
    public static IReadOnlyList<string> Settings { get; } =
    [
        "logging_collector=on", "log_destination=jsonlog", "log_filename=statements.log", "log_rotation_age=0", "log_rotation_size=0",
        "log_statement=all",
    ];

    /// <summary>Takes what was sent to the connection's database until now.</summary>
    public async Task<StatementsOfDatabase> TakeAsync(NpgsqlConnection connection)
    {
        var end = $"the end of {Guid.NewGuid():N}";
        await using (var command = new NpgsqlCommand($"select '{end}'", connection))
        {
            await command.ExecuteNonQueryAsync();
        }

        await Until.TrueAsync(() => Task.FromResult(ReadOn(end)), "the log's end");
        return _databases.Remove(connection.Database, out var found) ? found : new StatementsOfDatabase();
    }

    private bool ReadOn(string end)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Position = _position;
        using var reader = new StreamReader(file);
        var text = reader.ReadToEnd();
        var whole = text.LastIndexOf('\n') + 1;
        _position += Encoding.UTF8.GetByteCount(text.AsSpan(0, whole));
        foreach (var line in text[..whole].Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var entry = JsonDocument.Parse(line);
            if (Statement().Match(Text(entry, "message")) is { Success: true } match && Text(entry, "application_name") != TestsOwn)
            {
                Read(Text(entry, "dbname"), Text(entry, "session_id"), match.Groups[1].Value.Trim(), Text(entry, "detail"));
            }
        }

        return text[..whole].Contains(end, StringComparison.Ordinal);
    }

    private void Read(string database, string id, string sql, string detail)
    {
        _sessions.TryAdd(id, new Session());
        var session = _sessions[id];
        if (sql.StartsWith("DISCARD", StringComparison.OrdinalIgnoreCase))
        {
            _sessions.Remove(id);
        }
        else if (End().IsMatch(sql))
        {
            session.OfTransaction = null;
        }
        else if (sql.StartsWith("select set_config('tollgate.organization'", StringComparison.Ordinal))
        {
            var values = ValuesOf(detail);
            var isOfTransaction = values[1] is "t" or "true";
            (session.Scope, session.OfTransaction) =
                isOfTransaction ? (session.Scope, values[0]) : (values[0] ?? "", session.OfTransaction);
        }
        else if (!Control().IsMatch(sql))
        {
            _databases.TryAdd(database, new StatementsOfDatabase());
            _databases[database].Add(new SentStatement(session.OfTransaction ?? session.Scope, sql, ValuesOf(detail)), MostOfOne);
        }
    }

    private static string Text(JsonDocument entry, string member) =>
        entry.RootElement.TryGetProperty(member, out var value) ? value.GetString()! : "";

    private static string?[] ValuesOf(string detail) =>
        [.. Value().Matches(detail).Select(
            match => match.Groups[1].Success ? match.Groups[1].Value.Replace("''", "'", StringComparison.Ordinal) : null)];

    [GeneratedRegex(@"^(?:statement|execute [^:]+): (.*)$", RegexOptions.Singleline)]
    private static partial Regex Statement();

    [GeneratedRegex("^(?:commit|rollback)$", RegexOptions.IgnoreCase)]
    private static partial Regex End();

    [GeneratedRegex(@"^(?:begin|savepoint|rollback|release|set|copy|listen|unlisten)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Control();

    [GeneratedRegex(@"\$\d+ = (?:NULL|'((?:[^']|'')*)')")]
    private static partial Regex Value();

    private sealed class Session
    {
        public string Scope { get; set; } = "";

        public string? OfTransaction { get; set; }
    }
}

/// <summary>A statement that was sent.</summary>
/// <param name="Scope">An organization's id, <c>all</c>, or nothing for nobody's.</param>
/// <param name="Values">Of its parameters, as Postgres writes them.</param>
internal sealed record SentStatement(string Scope, string Sql, IReadOnlyList<string?> Values)
{
    public bool IsOfOrganization => Guid.TryParse(Scope, out _);

    /// <summary>The statement as a command.</summary>
    /// <param name="before">Such as <c>explain</c>.</param>
    /// <param name="texts">Places of parameters whose type the statement does not tell: the log has none either.</param>
    public NpgsqlCommand On(NpgsqlConnection connection, string before, IReadOnlySet<int> texts)
    {
        var command = new NpgsqlCommand(before + Sql, connection);
        foreach (var (value, i) in Values.Select((value, i) => (value, i)))
        {
            var type = texts.Contains(i) ? NpgsqlDbType.Text : NpgsqlDbType.Unknown;
            command.Parameters.Add(new NpgsqlParameter { Value = value ?? (object)DBNull.Value, NpgsqlDbType = type });
        }

        return command;
    }
}

/// <summary>What was sent to one database.</summary>
internal sealed class StatementsOfDatabase
{
    private readonly Dictionary<(string Sql, string Scope), Queue<SentStatement>> _kept = [];

    /// <summary>The last executions of each statement, for organizations, for everybody (<c>all</c>) and for nobody.</summary>
    public IEnumerable<SentStatement> Kept => _kept.Values.SelectMany(one => one);

    internal void Add(SentStatement statement, int most)
    {
        var name = (statement.Sql, statement.IsOfOrganization ? "one" : statement.Scope);
        _kept.TryAdd(name, new Queue<SentStatement>());
        _kept[name].Enqueue(statement);
        if (_kept[name].Count > most)
        {
            _kept[name].Dequeue();
        }
    }
}
