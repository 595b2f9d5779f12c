using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;

namespace Tollgate.Testing;

/// <summary>
/// Repeats what services sent to Postgres for one organization in the name of another one, and demands that it reads and writes nothing.
/// Repeats it for the organization itself too, which counts what there was to find. Demands also that no statement of a protected table was
/// sent by a session without a scope: it would see nothing. On when <c>TOLLGATE_TEST_FOREIGN</c> names a file, which gets a line of counts
/// for each database (<see cref="Counts"/>). Thread-safe.
/// </summary>
public static partial class ForeignReplay
{
    /// <summary>Tag (EF's <c>TagWith</c>) of a query that a test sends without a scope to see nothing.</summary>
    public const string Unscoped = "without a scope on purpose";

    private const string Nobody = "";
    private static readonly string? Report = Environment.GetEnvironmentVariable("TOLLGATE_TEST_FOREIGN");
    private static readonly SemaphoreSlim Turn = new(1, 1);
    private static StatementLog? _log;

    /// <summary>Settings with which a server in <paramref name="folder"/> logs what is repeated; none when this is off.</summary>
    internal static IReadOnlyList<string> SettingsOf(string folder)
    {
        if (Report is null)
        {
            return [];
        }

        _log = new StatementLog(Path.Combine(folder, "data", "log", "statements.json"));
        return StatementLog.Settings;
    }

    /// <summary>Repeats the statements of one database. Does nothing when this is off.</summary>
    /// <param name="connectionString">Of the role that owns the schema.</param>
    /// <exception cref="InvalidOperationException">A statement read or wrote something, or had no scope.</exception>
    public static async Task RunAsync(string connectionString)
    {
        if (_log is null)
        {
            return;
        }

        await Turn.WaitAsync();
        try
        {
            await using var connection = new NpgsqlConnection(
                new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, ApplicationName = StatementLog.TestsOwn }
                    .ConnectionString);
            await connection.OpenAsync();
            var touches = await ReadProtectedAsync(connection);
            var sent = (await _log.TakeAsync(connection)).Kept.Where(one => touches.IsMatch(one.Sql)).ToList();
            await ExecuteAsync(connection, "set statement_timeout = '20s'; set lock_timeout = '2s'");
            var started = TimeProvider.System.GetTimestamp();
            var unscoped = sent.Where(one => one.Scope == Nobody && !IsForNobody(one.Sql)).ToList();
            var counts = new Counts { Unscoped = unscoped.Count };
            foreach (var statement in sent.Where(one => one.IsOfOrganization))
            {
                await RepeatAsync(connection, statement, counts);
            }

            await ComparePlansAsync(connection, sent, counts);
            List<string> faults = [.. counts.Leaks, .. unscoped.Select(one => $"without a scope: {one.Sql}").Distinct()];
            var line = $"{connection.Database} {connection.UserName}: {counts} milliseconds={Since(started)}";
            await File.AppendAllLinesAsync(Report!, [line, .. counts.Notes.Concat(faults).Select(OneLine)]);
            if (faults.Count > 0)
            {
                throw new InvalidOperationException("Row-level security fails:\n" + string.Join('\n', faults));
            }
        }
        finally
        {
            Turn.Release();
        }
    }

    /// <summary>A pattern of statements that name a protected table of the schema, or a function that names one.</summary>
    private static async Task<Regex> ReadProtectedAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(
            """
            with tables as (
              select string_agg(relname, '|') as names from pg_class
              where relrowsecurity and relnamespace = current_schema()::regnamespace)
            select names, (
              select coalesce(string_agg(proname, '|'), '-') from pg_proc
              where pronamespace = current_schema()::regnamespace and prosrc ~ ('\m(' || names || ')\M'))
            from tables
            """,
            connection);
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return new Regex(
            $@"\b(?:from|join|into|update|using|only|table)\s+(?:\w+\.)?(?:{reader.GetString(0)})\b|\b(?:{reader.GetString(1)})\s*\(",
            RegexOptions.IgnoreCase);
    }

    /// <summary>
    /// Notes statements of which policies keep Postgres from using an index: it searches an index only by conditions that tell nothing of
    /// rows that the policy hides.
    /// </summary>
    private static async Task ComparePlansAsync(NpgsqlConnection connection, List<SentStatement> sent, Counts counts)
    {
        var everything = new NpgsqlConnectionStringBuilder(await PostgresServer.SuperuserAsync())
        {
            Database = connection.Database, SearchPath = connection.UserName, Pooling = false, ApplicationName = StatementLog.TestsOwn,
        };
        await using var superuser = new NpgsqlConnection(everything.ConnectionString);
        await superuser.OpenAsync();
        foreach (var statement in sent.Where(one => one.Scope != Nobody && !one.Sql.Contains("WHERE FALSE", StringComparison.Ordinal))
            .DistinctBy(one => one.Sql))
        {
            var without = await ReadWholeAsync(superuser, statement);
            foreach (var table in (await ReadWholeAsync(connection, statement)).Except(without))
            {
                counts.Unindexed.Add($"without an index, {table}: {statement.Sql}");
            }
        }
    }

    /// <summary>Tables that the plan of a statement reads whole although it was asked not to; none where Postgres cannot plan it.</summary>
    private static async Task<IReadOnlyList<string>> ReadWholeAsync(NpgsqlConnection connection, SentStatement statement)
    {
        await ExecuteAsync(connection, $"begin; set local tollgate.organization = '{statement.Scope}'; set local enable_seqscan = off");
        try
        {
            await using var command = statement.On(connection, "explain ", new HashSet<int>());
            await using var reader = await command.ExecuteReaderAsync();
            List<string> tables = [];
            while (await reader.ReadAsync())
            {
                tables.AddRange(WholeRead().Match(reader.GetString(0)) is { Success: true } match ? [match.Groups[1].Value] : []);
            }

            return [.. tables.Distinct()];
        }
        catch (PostgresException)
        {
            return [];
        }
        finally
        {
            await ExecuteAsync(connection, "rollback");
        }
    }

    /// <summary>The audit takes entries of the installation, which belong to no organization, from anybody.</summary>
    private static bool IsForNobody(string sql) => sql.Contains("into accounts.audit_entries", StringComparison.OrdinalIgnoreCase)
        || sql.StartsWith($"-- {Unscoped}", StringComparison.Ordinal);

    private static async Task RepeatAsync(NpgsqlConnection connection, SentStatement statement, Counts counts)
    {
        counts.Statements++;
        var own = await RunAsync(connection, statement, statement.Scope);
        var foreign = await RunAsync(connection, statement, Guid.NewGuid().ToString());
        if (foreign.Fault is not null)
        {
            counts.Unrepeated.Add($"not repeated, {foreign.Fault}: {statement.Sql}");
            return;
        }

        counts.Add(own, foreign);
        if (foreign.IsEmpty)
        {
            return;
        }

        // Nobody finds constants, too, and adds entries of the installation, with a number of their own.
        var nobody = await RunAsync(connection, statement, Nobody);
        if (IsForNobody(statement.Sql) ? foreign.Written != nobody.Written : foreign.Text != nobody.Text)
        {
            counts.Leaks.Add($"{foreign.Text}: {statement.Sql} [{string.Join(", ", statement.Values)}]");
        }
        else
        {
            counts.Constant.Add($"constant, {foreign.Text}: {statement.Sql}");
        }
    }

    /// <summary>Runs a statement in a scope, in a transaction that rolls back.</summary>
    private static async Task<Found> RunAsync(NpgsqlConnection connection, SentStatement statement, string scope)
    {
        for (var texts = new HashSet<int>(); ; )
        {
            await ExecuteAsync(connection, $"begin; set local tollgate.organization = '{scope}'");
            try
            {
                await using var command = statement.On(connection, "", texts);
                return await ReadAsync(command);
            }
            catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.InsufficientPrivilege)
            {
                return Found.Refused;
            }
            catch (PostgresException untyped) when (
                untyped.SqlState == PostgresErrorCodes.IndeterminateDatatype && texts.Add(PlaceOf(untyped.MessageText)))
            {
                // The log has no types, and this statement does not use the parameter: any type will do.
            }
            catch (PostgresException failed)
            {
                return Found.Failed($"{failed.SqlState} {failed.MessageText}");
            }
            finally
            {
                await ExecuteAsync(connection, "rollback");
            }
        }
    }

    /// <summary>The place of the parameter that a message names, from 0.</summary>
    private static int PlaceOf(string message) =>
        int.Parse(Parameter().Match(message).Groups[1].ValueSpan, CultureInfo.InvariantCulture) - 1;

    private static async Task<Found> ReadAsync(NpgsqlCommand command)
    {
        List<string> values = [];
        var rows = 0;
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            var isFound = false;
            for (var i = 0; i < reader.FieldCount; i++)
            {
                if (!IsNothing(await reader.IsDBNullAsync(i) ? null : reader.GetValue(i)))
                {
                    values.Add($"{reader.GetName(i)} = {reader.GetValue(i)}");
                    isFound = true;
                }
            }

            rows += isFound ? 1 : 0;
        }

        await reader.CloseAsync();
        return new Found(values, rows, Math.Max(reader.RecordsAffected, 0));
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

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static long Since(long started) => (long)TimeProvider.System.GetElapsedTime(started).TotalMilliseconds;

    private static string OneLine(string text) => "  " + Spaces().Replace(text, " ");

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"Seq Scan on (\w+)")]
    private static partial Regex WholeRead();

    [GeneratedRegex(@"\$(\d+)")]
    private static partial Regex Parameter();

    /// <summary>What a statement found or changed.</summary>
    /// <param name="Values">With a meaning, each with its column's name.</param>
    /// <param name="Rows">With such a value.</param>
    /// <param name="IsRefused">Whether a policy refused what it would write.</param>
    /// <param name="Fault">Why Postgres could not run it.</param>
    private sealed record Found(IReadOnlyList<string> Values, int Rows, int Written, bool IsRefused = false, string? Fault = null)
    {
        public static Found Refused { get; } = new([], 0, 0, IsRefused: true);

        public static Found Failed(string fault) => new([], 0, 0, Fault: fault);

        public bool IsEmpty => Rows == 0 && Written == 0;

        public string Text => string.Join("; ", [.. Values, .. Written > 0 ? [$"{Written} rows written"] : Array.Empty<string>()]);
    }

    /// <summary>What is counted of one database.</summary>
    private sealed class Counts
    {
        public int Statements { get; set; }

        public int Unscoped { get; init; }

        public List<string> Leaks { get; } = [];

        public HashSet<string> Unrepeated { get; } = [];

        public HashSet<string> Constant { get; } = [];

        public HashSet<string> Unindexed { get; } = [];

        public IEnumerable<string> Notes => Unrepeated.Concat(Constant).Concat(Unindexed);

        private int Finding { get; set; }

        private int Read { get; set; }

        private int Written { get; set; }

        private int Refused { get; set; }

        public void Add(Found own, Found foreign)
        {
            Finding += own.Text == foreign.Text ? 0 : 1;
            Read += own.Rows;
            Written += own.Written;
            Refused += foreign.IsRefused ? 1 : 0;
        }

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"statements={Statements} finding={Finding} rows-read={Read} rows-written={Written} refused={Refused} leaks={Leaks.Count} "
            + $"unrepeated={Unrepeated.Count} unscoped={Unscoped} unindexed={Unindexed.Count}");
    }
}
