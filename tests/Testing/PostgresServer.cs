using Npgsql;
using Tollgate.LocalServers;

namespace Tollgate.Testing;

/// <summary>
/// One real Postgres for all tests of a process, started on first use: the one that <c>TOLLGATE_TEST_POSTGRES</c> names (a superuser's
/// connection string, or <c>container</c>), else a private one from the local binaries, else a container. A missing Postgres fails the test
/// with the line that installs it.
/// </summary>
public static class PostgresServer
{
    private static readonly Lazy<Task<string>> Superuser = new(StartAsync);
    private static readonly SemaphoreSlim Templates = new(1, 1);
    private static readonly Dictionary<string, string> KnownTemplates = [];

    /// <summary>Connection string of the superuser on database <c>postgres</c>.</summary>
    public static Task<string> SuperuserAsync() => Superuser.Value;

    /// <summary>
    /// A new database, cloned from a template that <paramref name="migrate"/> made once in this process.
    /// </summary>
    /// <param name="template">Name of the template; also that of the role that owns the schema,
    /// as in production: <c>accounts</c> or <c>billing</c>.</param>
    /// <param name="migrate">Brings an empty schema up to date; gets the role's connection string.</param>
    /// <returns>Connection string of the role on the new database.</returns>
    public static async Task<string> CreateDatabaseAsync(string template, Func<string, Task> migrate)
    {
        var superuser = await Superuser.Value;
        await Templates.WaitAsync();
        try
        {
            if (!KnownTemplates.ContainsKey(template))
            {
                await LocalDatabase.CreateAsync(
                    superuser, $"template_{template}", [new SchemaRole(template, "test")], CancellationToken.None);
                var connection = LocalDatabase.RoleConnectionString(superuser, $"template_{template}", new SchemaRole(template, "test"));
                await migrate(connection);
                NpgsqlConnection.ClearAllPools();
                KnownTemplates[template] = $"template_{template}";
            }

            var name = $"test_{Guid.NewGuid():N}";
            await ExecuteAsync(superuser, $"create database {name} template template_{template}");
            return LocalDatabase.RoleConnectionString(superuser, name, new SchemaRole(template, "test"));
        }
        finally
        {
            Templates.Release();
        }
    }

    /// <summary>The connection string with which a test sees everybody's rows.</summary>
    public static string SeeingAll(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString)
        {
            Options = "-c tollgate.organization=all", ApplicationName = StatementLog.TestsOwn,
            MaxPoolSize = 20, // Beside the pool of the service under test: the server has 200 connections.
        }.ConnectionString;

    private static async Task<string> StartAsync()
    {
        var setting = Environment.GetEnvironmentVariable("TOLLGATE_TEST_POSTGRES");
        switch (PostgresSources.Choose(setting, PostgresSources.IsInstalled, PostgresSources.EngineAnswers))
        {
            case PostgresSource.Named:
                return setting!;
            case PostgresSource.Container:
                return await PostgresSources.StartContainerAsync();
            default:
                return await StartLocalAsync();
        }
    }

    private static async Task<string> StartLocalAsync()
    {
        var folder = TestFolder.Create("postgres");
        var postgres = new PrivatePostgres(folder, "test");
        var port = FreePort.Next();
        _ = await postgres.StartAsync(
            port, ["fsync=off", "full_page_writes=off", .. ForeignReplay.SettingsOf(folder)], CancellationToken.None);
        return postgres.ConnectionString(port);
    }

    private static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
