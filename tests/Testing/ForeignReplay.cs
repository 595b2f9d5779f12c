using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Npgsql;
using NpgsqlTypes;

namespace Tollgate.Testing;

/// <summary>
/// Repeats what services sent to Postgres for one organization in the name of another one, and demands that it reads and writes nothing.
/// On when <c>TOLLGATE_TEST_FOREIGN</c> names a file, which gets a line of counts for each database. Reads the statements with their values
/// from the log of the private server. Thread-safe.
/// </summary>
public static partial class ForeignReplay
{
    private const int MostValuesOfOne = 3;
    private static readonly string? Report = Environment.GetEnvironmentVariable("TOLLGATE_TEST_FOREIGN");
    private static readonly SemaphoreSlim Turn = new(1, 1);
    private static readonly Dictionary<string, List<Logged>> Unread = [];
    private static string? _log;
    private static long _position;

    /// <summary>Settings with which a server in <paramref name="folder"/> logs what is repeated; none when this is off.</summary>
    internal static IReadOnlyList<string> SettingsOf(string folder)
    {
        if (Report is null)
        {
            return [];
        }

        _log = Path.Combine(folder, "data", "log", "statements.json");
        return
        [
            "logging_collector=on", "log_destination=jsonlog", "log_filename=statements.log", "log_rotation_age=0", "log_rotation_size=0",
            "log_statement=all",
        ];
    }

    /// <summary>Repeats the statements of one database. Does nothing when this is off.</summary>
    /// <param name="connectionString">Of the role that owns the schema.</param>
    /// <exception cref="InvalidOperationException">A statement read or wrote something. The message has them all.</exception>
    public static async Task RunAsync(string connectionString)
    {
        if (_log is null)
        {
            return;
        }

        await Turn.WaitAsync();
        try
        {
            await using var connection =
                new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
            await connection.OpenAsync();
            var mentions = await ReadTablesAsync(connection);
            var (scoped, unscoped) = Sort(await ReadLogAsync(connection), mentions);
            await ExecuteAsync(
                connection,
                $"set statement_timeout = '20s'; set lock_timeout = '2s'; set tollgate.organization = '{Guid.NewGuid()}'");
            List<string> leaks = [], unrepeated = [];
            foreach (var statement in scoped)
            {
                var (leak, fault) = await RepeatAsync(connection, statement);
                leaks.AddRange(leak is null ? [] : [leak]);
                unrepeated.AddRange(fault is null ? [] : [fault]);
            }

            await File.AppendAllTextAsync(
                Report!,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{connection.Database} {connection.UserName}: {scoped.Count} repeated, {unrepeated.Count} of them without a result, "
                    + $"{leaks.Count} leaks; {unscoped} were for everybody\n{string.Concat(unrepeated.Select(one => $"  {one}\n"))}"));
            if (leaks.Count > 0)
            {
                throw new InvalidOperationException("A foreign organization reads or writes:\n" + string.Join('\n', leaks));
            }
        }
        finally
        {
            Turn.Release();
        }
    }

    /// <summary>A pattern of the protected tables of the schema.</summary>
    private static async Task<Regex> ReadTablesAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(
            "select string_agg(relname, '|') from pg_class where relrowsecurity and relnamespace = current_schema()::regnamespace",
            connection);
        var tables = await command.ExecuteScalarAsync() as string ?? "-";
        return new Regex($@"\b(from|join|into|update)\s+(\w+\.)?({tables})\b", RegexOptions.IgnoreCase);
    }

    private static async Task<List<Logged>> ReadLogAsync(NpgsqlConnection connection)
    {
        var end = $"the end of {Guid.NewGuid():N}";
        await ExecuteAsync(connection, $"select '{end}'");
        await Until.TrueAsync(() => Task.FromResult(ReadOn(end)), "the log's end");
        return Unread.Remove(connection.Database, out var found) ? found : [];
    }

    private static bool ReadOn(string end)
    {
        using var file = new FileStream(_log!, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Position = _position;
        using var reader = new StreamReader(file);
        var text = reader.ReadToEnd();
        var whole = text.LastIndexOf('\n') + 1;
        _position += System.Text.Encoding.UTF8.GetByteCount(text.AsSpan(0, whole));
        foreach (var line in text[..whole].Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var entry = JsonDocument.Parse(line);
            var (database, session) = (Text(entry, "dbname"), Text(entry, "session_id"));
            if (Statement().Match(Text(entry, "message")) is { Success: true } match)
            {
                Unread.TryAdd(database, []);
                Unread[database].Add(new Logged(session, match.Groups[1].Value.Trim(), Text(entry, "detail")));
            }
        }

        return text.Contains(end, StringComparison.Ordinal);
    }

    private static string Text(JsonDocument entry, string member) =>
        entry.RootElement.TryGetProperty(member, out var value) ? value.GetString()! : "";

    /// <summary>The statements of one organization, and how many of protected tables were for everybody.</summary>
    private static (List<Logged> Scoped, int Unscoped) Sort(List<Logged> statements, Regex mentions)
    {
        var scopes = new Dictionary<string, string>();
        var kept = new Dictionary<string, List<Logged>>();
        var unscoped = 0;
        foreach (var statement in statements)
        {
            if (statement.Sql.StartsWith("DISCARD", StringComparison.OrdinalIgnoreCase))
            {
                scopes.Remove(statement.Session);
            }
            else if (statement.Sql.StartsWith("select set_config('tollgate.organization'", StringComparison.Ordinal))
            {
                scopes[statement.Session] = ValuesOf(statement)[0] ?? "";
            }
            else if (mentions.IsMatch(statement.Sql))
            {
                if (!Guid.TryParse(scopes.GetValueOrDefault(statement.Session), out _))
                {
                    unscoped++;
                }
                else if (kept.TryAdd(statement.Sql, []) || kept[statement.Sql].Count < MostValuesOfOne)
                {
                    kept[statement.Sql].Add(statement);
                }
            }
        }

        return ([.. kept.Values.SelectMany(one => one)], unscoped);
    }

    /// <summary>Repeats a statement for the foreign organization, and where it finds something, for nobody: constants are no leak.</summary>
    /// <returns>What it read or wrote; else why Postgres could not run it; both null where it found nothing.</returns>
    private static async Task<(string? Leak, string? Fault)> RepeatAsync(NpgsqlConnection connection, Logged statement)
    {
        var (found, fault) = await RepeatAsync(connection, statement, "");
        return found is null || found == (await RepeatAsync(connection, statement, "set local tollgate.organization = '';")).Found
            ? (null, fault) : ($"{found}: {statement.Sql} [{statement.Detail}]", null);
    }

    /// <summary>Repeats a statement in a transaction that rolls back.</summary>
    private static async Task<(string? Found, string? Fault)> RepeatAsync(NpgsqlConnection connection, Logged statement, string before)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        await ExecuteAsync(connection, before + "select 1");
        await using var command = new NpgsqlCommand(statement.Sql, connection);
        foreach (var value in ValuesOf(statement))
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlDbType.Unknown });
        }

        try
        {
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                for (var i = 0; i < reader.FieldCount; i++)
                {
                    if (!IsNothing(await reader.IsDBNullAsync(i) ? null : reader.GetValue(i)))
                    {
                        return ($"{reader.GetName(i)} = {reader.GetValue(i)}", null);
                    }
                }
            }

            await reader.CloseAsync();
            return reader.RecordsAffected > 0
                ? ($"{reader.RecordsAffected} rows", null) : (null, null);
        }
        catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            return (null, null);
        }
        catch (PostgresException unknown)
        {
            return (null, $"{unknown.SqlState} {unknown.MessageText}: {statement.Sql.ReplaceLineEndings(" ")}");
        }
    }

    /// <summary>Whether a value says nothing of a row: counts and sums of none, and the time.</summary>
    private static bool IsNothing(object? value) => value switch
    {
        null or false or DateTime => true,
        short or int or long or decimal or double => Convert.ToDecimal(value, CultureInfo.InvariantCulture) == 0,
        string text => text.Length == 0,
        Array array => array.Length == 0,
        _ => false,
    };

    private static string?[] ValuesOf(Logged statement) =>
        [.. Value().Matches(statement.Detail).Select(
            match => match.Groups[1].Success ? match.Groups[1].Value.Replace("''", "'", StringComparison.Ordinal) : null)];

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    [GeneratedRegex(@"^(?:statement|execute [^:]+): (.*)$", RegexOptions.Singleline)]
    private static partial Regex Statement();

    [GeneratedRegex(@"\$\d+ = (?:NULL|'((?:[^']|'')*)')")]
    private static partial Regex Value();

    private sealed record Logged(string Session, string Sql, string Detail);
}
