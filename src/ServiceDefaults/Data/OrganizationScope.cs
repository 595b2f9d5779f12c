using Npgsql;

namespace Tollgate.ServiceDefaults.Data;

/// <summary>
/// Whose rows a database session sees and writes: one organization's, everybody's, or nobody's. Row-level security compares each row with
/// the setting <c>tollgate.organization</c>. A session that never got a scope sees no row of any organization and writes none.
/// </summary>
/// <remarks>The pool sends <c>DISCARD ALL</c> before a connection is used again, so no scope outlives the connection's user.</remarks>
public readonly record struct OrganizationScope
{
    private const string Everybody = "all";

    private readonly string? _value;

    private OrganizationScope(string value) => _value = value;

    /// <summary>Nobody's rows.</summary>
    public static OrganizationScope None => default;

    /// <summary>Everybody's rows, for work of the service itself that no single organization asked for.</summary>
    public static OrganizationScope All { get; } = new(Everybody);

    /// <summary>One organization's rows.</summary>
    public static OrganizationScope Of(Guid organizationId) => new(organizationId.ToString());

    /// <summary>Sets the scope of the session until it gets another one or returns to the pool.</summary>
    /// <remarks>In a transaction that rolls back, the scope of before returns.</remarks>
    public Task ApplyAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(SetSql, cancellationToken, _value ?? "", false);

    /// <inheritdoc cref="ApplyAsync"/>
    public void Apply(NpgsqlConnection connection)
    {
        using var command = connection.Command(SetSql, _value ?? "", false);
        command.ExecuteNonQuery();
    }

    /// <summary>Sets the scope until the end of the running transaction; then that of the session applies again.</summary>
    public Task ApplyToTransactionAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(SetSql, cancellationToken, _value ?? "", true);

    public override string ToString() => _value ?? "nobody";

    private const string SetSql = "select set_config('tollgate.organization', $1, $2)";
}

/// <summary>Opens connections with a scope.</summary>
public static class OrganizationConnections
{
    /// <summary>Opens a connection that sees one organization's rows.</summary>
    public static Task<NpgsqlConnection> OpenForAsync(
        this NpgsqlDataSource dataSource, Guid organizationId, CancellationToken cancellationToken) =>
        dataSource.OpenAsync(OrganizationScope.Of(organizationId), cancellationToken);

    /// <summary>Opens a connection that sees everybody's rows, for work of the service itself.</summary>
    public static Task<NpgsqlConnection> OpenForAllAsync(this NpgsqlDataSource dataSource, CancellationToken cancellationToken) =>
        dataSource.OpenAsync(OrganizationScope.All, cancellationToken);

    /// <summary>Opens a connection with a scope.</summary>
    public static async Task<NpgsqlConnection> OpenAsync(
        this NpgsqlDataSource dataSource, OrganizationScope scope, CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        try
        {
            await scope.ApplyAsync(connection, cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
