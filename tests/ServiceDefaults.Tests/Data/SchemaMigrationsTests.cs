using System.Reflection;
using System.Text;
using Npgsql;
using Tollgate.ServiceDefaults.Data;
using Tollgate.Testing;

namespace Tollgate.ServiceDefaults.Tests.Data;

public sealed class SchemaMigrationsTests : IAsyncLifetime
{
    private const string Schema = "migrations";
    private NpgsqlDataSource _database = null!;

    public async Task InitializeAsync() =>
        _database = NpgsqlDataSource.Create(await PostgresServer.CreateDatabaseAsync(Schema, _ => Task.CompletedTask));

    public async Task DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task RunAsync_runs_each_file_once_in_the_order_of_the_names()
    {
        var files = new Files(
            ("Any.Migrations.0002_b.sql", "insert into seen (name) values ('b')"),
            ("Any.Migrations.0001_a.sql", "create table seen (id int generated always as identity, name text)"),
            ("Any.Statements.Query.sql", "this is no migration"));

        await RunAsync(files);
        await RunAsync(files);
        await RunAsync(files.With("Any.Migrations.0003_c.sql", "insert into seen (name) values ('c')"));

        Assert.Equal(["b", "c"], await ReadAsync($"select name from {Schema}.seen order by id"));
        Assert.Equal(
            ["Any.Migrations.0001_a.sql", "Any.Migrations.0002_b.sql", "Any.Migrations.0003_c.sql"],
            await ReadAsync($"select name from {Schema}.schema_migrations order by applied_at, name"));
    }

    [Fact]
    public async Task RunAsync_of_several_instances_at_once_runs_each_file_once()
    {
        var files = new Files(("Any.Migrations.0001_a.sql", "create table once (id int); insert into once values (1)"));

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => RunAsync(files)));

        Assert.Equal(["1"], await ReadAsync($"select id::text from {Schema}.once"));
    }

    [Fact]
    public async Task RunAsync_keeps_the_files_before_a_faulty_one_and_nothing_of_it()
    {
        var files = new Files(
            ("Any.Migrations.0001_a.sql", "create table kept (id int)"),
            ("Any.Migrations.0002_b.sql", "create table lost (id int); insert into nowhere values (1)"));

        await Assert.ThrowsAsync<PostgresException>(() => RunAsync(files));
        await RunAsync(new Files(
            ("Any.Migrations.0001_a.sql", "create table kept (id int)"), ("Any.Migrations.0002_b.sql", "create table mended (id int)")));

        Assert.Equal(
            ["kept", "mended", "schema_migrations"],
            await ReadAsync($"select tablename::text from pg_tables where schemaname = '{Schema}' order by tablename"));
    }

    [Fact]
    public async Task RunAsync_refuses_a_file_that_was_changed_after_it_ran_and_runs_none_behind_it()
    {
        await RunAsync(new Files(("Any.Migrations.0001_a.sql", "create table a (id int)")));

        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => RunAsync(new Files(
            ("Any.Migrations.0001_a.sql", "create table a (id int) -- a comment"),
            ("Any.Migrations.0002_b.sql", "create table b (id int)"))));

        Assert.Contains("0001_a.sql was changed", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(await ReadAsync($"select tablename::text from pg_tables where schemaname = '{Schema}' and tablename = 'b'"));
    }

    private Task RunAsync(Files files) => SchemaMigrations.RunAsync(_database, files, Schema, CancellationToken.None);

    private async Task<List<string>> ReadAsync(string sql)
    {
        await using var command = _database.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        List<string> values = [];
        while (await reader.ReadAsync())
        {
            values.Add(reader.GetString(0));
        }

        return values;
    }

    /// <summary>An assembly with these embedded files.</summary>
    private sealed class Files(params (string Name, string Text)[] files) : Assembly
    {
        public Files With(string name, string text) => new([.. files, (name, text)]);

        public override string[] GetManifestResourceNames() => [.. files.Select(file => file.Name)];

        public override Stream GetManifestResourceStream(string name) =>
            new MemoryStream(Encoding.UTF8.GetBytes(files.Single(file => file.Name == name).Text));
    }
}
