using Npgsql;
using Tollgate.Cli.Data;
using Tollgate.LocalServers;

namespace Tollgate.AllInOne.Up;

/// <summary>
/// Postgres and Redis of one run: supervised children, or the operator's servers in <c>TOLLGATE__AllInOne__Postgres</c> (a superuser's
/// connection string) and <c>TOLLGATE__AllInOne__Redis</c>.
/// </summary>
internal sealed class Databases(DataFolder data, Ports ports, Supervisor supervisor, OperatorSettings settings)
{
    private const string Database = "tollgate";
    private static readonly string[] Schemas = ["accounts", "billing", "learning"];
    private string _superuser = "";

    /// <summary>The superuser's connection string for Tollgate's database.</summary>
    public string Superuser => new NpgsqlConnectionStringBuilder(_superuser) { Database = Database }.ConnectionString;

    public string Redis { get; private set; } = "";

    /// <summary>Returns the connection string of the role that owns <paramref name="schema"/>.</summary>
    public string Role(string schema) => LocalDatabase.RoleConnectionString(_superuser, Database, SchemaRole(schema));

    /// <summary>Starts both servers, and creates the database with a role per schema.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(StartPostgresAsync(cancellationToken), StartRedisAsync());
    }

    private async Task StartPostgresAsync(CancellationToken cancellationToken)
    {
        if (settings["AllInOne:Postgres"] is { } given)
        {
            _superuser = given;
        }
        else
        {
            var postgres = new PrivatePostgres(data.At("postgres"), data.Secret("postgres"));
            await supervisor.StartAsync("postgres", token => postgres.StartAsync(ports.Postgres, [], token));
            _superuser = postgres.ConnectionString(ports.Postgres);
        }

        await LocalDatabase.CreateAsync(_superuser, Database, [.. Schemas.Select(SchemaRole)], cancellationToken);
    }

    private async Task StartRedisAsync()
    {
        if (settings["AllInOne:Redis"] is { } given)
        {
            Redis = given;
            return;
        }

        var redis = new PrivateRedis(data.At("redis"), data.Secret("redis"));
        await supervisor.StartAsync("redis", token => redis.StartAsync(ports.Redis, token));
        Redis = redis.ConnectionString(ports.Redis);
    }

    private SchemaRole SchemaRole(string schema) => new(schema, data.Secret("postgres-" + schema));
}
