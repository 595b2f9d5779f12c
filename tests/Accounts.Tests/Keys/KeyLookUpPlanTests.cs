using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Tollgate.Accounts.Keys;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests.Keys;

public sealed class KeyLookUpPlanTests : IAsyncLifetime
{
    private AccountsHost _host = null!;

    public async Task InitializeAsync() => _host = await AccountsHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Resolving_a_key_reads_no_table_whole_under_row_level_security()
    {
        using var browser = await _host.SignUpAsync();
        await browser.CreateKeyAsync("first");
        await _host.App.StopAsync();
        _host.Services.GetRequiredService<NpgsqlDataSource>().Clear();
        var publicIds = await SeedAsync();
        var before = await TableScans.ReadAsync(_host.Postgres);

        var settings = AccountsHost.Settings(_host.Postgres, _host.Redis, _host.Responder.Url, _host.MailFolder);
        await using (var app = AccountsApp.Create(settings))
        {
            foreach (var publicId in publicIds)
            {
                await using var scope = app.Services.CreateAsyncScope();
                Assert.NotNull(await scope.ServiceProvider.GetRequiredService<KeyPublisher>().ResolveAsync(publicId, default));
            }
        }

        Assert.Empty((await TableScans.ReadAsync(_host.Postgres)).ReadWholeSince(
            before, "organizations", "projects", "organization_policies", "api_keys"));
    }

    /// <summary>Copies organization, project, policy and key many times. Returns the public ids of some keys.</summary>
    private async Task<string[]> SeedAsync()
    {
        await using var connection = new NpgsqlConnection(PostgresServer.SeeingAll(_host.Postgres) + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            """
            insert into organizations
              select (jsonb_populate_record(o, jsonb_build_object('id', gen_random_uuid()))).*
              from organizations o, generate_series(1, 3000);
            insert into projects
              select (jsonb_populate_record(p, jsonb_build_object('id', gen_random_uuid(), 'organization_id', o.id))).*
              from projects p, organizations o where o.id <> p.organization_id;
            insert into organization_policies
              select (jsonb_populate_record(p, jsonb_build_object('organization_id', o.id))).*
              from organization_policies p, organizations o where o.id <> p.organization_id;
            insert into api_keys
              select (jsonb_populate_record(k, jsonb_build_object(
                'id', gen_random_uuid(), 'organization_id', p.organization_id, 'project_id', p.id,
                'public_id', substr(md5(p.id::text), 1, 12)))).*
              from api_keys k, projects p where p.organization_id <> k.organization_id;
            analyze;
            select array(select public_id::text from api_keys limit 10);
            """,
            connection);
        return (string[])(await command.ExecuteScalarAsync())!;
    }
}
