using Hangfire;
using Hangfire.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Tollgate.Billing.Jobs;
using Tollgate.LocalServers;
using Tollgate.Testing;

namespace Tollgate.Billing.Tests.Jobs;

public sealed class JobTests(BillingFixture billing) : IClassFixture<BillingFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Hangfire_has_every_job_and_runs_it_after_a_start()
    {
        var app = await billing.StartAsync();

        await AllSucceedAsync(app);

        Assert.Equal(
            [
                "checkout replay: */5 * * * *",
                "reconciliation of the books: */15 * * * *",
                "retention of kept answers: 10 * * * *",
                "usage partitions: 5 * * * *",
                "waiting welcome credits: 20 * * * *",
            ],
            Recurring(app).Select(job => $"{job.Id}: {job.Cron}").Order(StringComparer.Ordinal));

        // A run that found the job with the fixture's own Billing has succeeded too, before that one ends.
        await Until.TrueAsync(
            async () => await billing.ReadAsync<long>("select count(*) from reconciliation_runs where name = 'R5'") > 0,
            "the reconciliation has run", Patience);
    }

    [Fact]
    public async Task RunAsync_leaves_a_job_alone_that_another_process_runs()
    {
        var runner = billing.App.Services.GetRequiredService<JobRunner>();
        await using var other = new NpgsqlConnection(billing.ConnectionString + ";Pooling=false");
        await other.OpenAsync();
        await using var take = new NpgsqlCommand(
            "select pg_advisory_lock(hashtext('tollgate job'), hashtext('usage partitions'))", other);
        await take.ExecuteNonQueryAsync();

        var refused = await runner.RunAsync("usage partitions", default);
        var unlike = await runner.RunAsync("retention of kept answers", default);
        await other.CloseAsync(); // As when the other process is killed.

        Assert.Equal(("Another process runs it.", "Done."), (refused, unlike));
        await Until.TrueAsync(
            async () => await runner.RunAsync("usage partitions", default) == "Done.", "Postgres to notice the end", Patience);
    }

    [Fact]
    public async Task Failed_job_is_shown_and_tried_again()
    {
        var own = new BillingFixture(); // Another test's Billing on the same database could run the job, with a Stripe that answers.
        await own.InitializeAsync();
        var app = await own.StartAsync("--Stripe:ApiKey=sk_test_1", "--Stripe:ApiBase=http://127.0.0.1:9", "--Stripe:Timeout=00:00:01");

        var failed = await Until.ValueAsync(() => Task.FromResult(Retries(app).FirstOrDefault()), "a failed job", Patience);
        using var connection = app.Services.GetRequiredService<JobStorage>().GetConnection();

        Assert.Equal("checkout replay", (string)connection.GetJobData(failed).Job.Args[0]);
        Assert.Equal("Scheduled", connection.GetStateData(failed).Name);
        await own.DisposeAsync();
    }

    [Fact]
    public async Task Copy_of_the_database_without_the_schedule_gets_it_again_and_jobs_run_on()
    {
        var own = new BillingFixture();
        await own.InitializeAsync();
        var app = await own.StartAsync();
        await AllSucceedAsync(app);

        await own.ExecuteAsync(
            """
            truncate billing_jobs.job, billing_jobs.jobqueue, billing_jobs.hash, billing_jobs.set, billing_jobs.server, billing_jobs.lock
            cascade
            """);
        await app.Services.GetServices<IHostedService>().OfType<JobSchedule>().Single().RunOnceAsync(default);
        app.Services.GetRequiredService<IRecurringJobManager>().Trigger("reconciliation of the books");

        await Until.TrueAsync(
            () => Recurring(app) is { Count: 5 } jobs
                && jobs.Exists(job => job is { Id: "reconciliation of the books", LastJobState: "Succeeded" }),
            "a run", Patience);
        await own.DisposeAsync();
    }

    [Fact]
    public async Task MigrateAsync_runs_again_and_names_the_statement_that_makes_a_missing_schema()
    {
        await BillingApp.MigrateAsync([$"--Postgres:ConnectionString={billing.ConnectionString}"], default);
        var superuser = await PostgresServer.SuperuserAsync();
        var name = $"test_{Guid.NewGuid():N}";
        await LocalDatabase.CreateAsync(superuser, name, [new SchemaRole("billing", "test")], default);
        var inside = new NpgsqlConnectionStringBuilder(superuser) { Database = name }.ConnectionString;
        await using (var connection = new NpgsqlConnection(inside))
        {
            await connection.OpenAsync();
            await using var drop = new NpgsqlCommand("drop schema billing_jobs", connection);
            await drop.ExecuteNonQueryAsync();
        }

        var role = LocalDatabase.RoleConnectionString(superuser, name, new SchemaRole("billing", "test"));
        var missing = await Assert.ThrowsAsync<InvalidOperationException>(
            () => BillingApp.MigrateAsync([$"--Postgres:ConnectionString={role}"], default));

        Assert.Contains("create schema billing_jobs authorization billing", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dashboard_shows_the_jobs_to_the_portal_and_starts_one_and_carries_the_portals_token()
    {
        var app = await billing.StartAsync();
        await Until.TrueAsync(() => Recurring(app).Count == 5, "five jobs", Patience);
        using var portal = BillingFixture.Client(app, "accounts");
        using var gateway = BillingFixture.Client(app, "gateway");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/admin/jobs/recurring");
        request.Headers.Add("RequestVerificationToken", "portal's");

        using var page = await portal.SendAsync(request);
        var html = await page.Content.ReadAsStringAsync();
        using var started = await portal.PostAsync(
            "/admin/jobs/recurring/trigger", new FormUrlEncodedContent([KeyValuePair.Create("jobs[]", "usage partitions")]));
        using var refused = await gateway.GetAsync("/admin/jobs");

        Assert.Contains("reconciliation of the books", html, StringComparison.Ordinal);
        Assert.Contains("<meta name=\"csrf-token\" content=\"portal&#39;s\">", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", html, StringComparison.Ordinal);
        Assert.Equal(204, (int)started.StatusCode);
        Assert.Equal(401, (int)refused.StatusCode);
    }

    private static Task AllSucceedAsync(WebApplication app) => Until.TrueAsync(
        () => Recurring(app) is { Count: 5 } jobs && jobs.TrueForAll(job => job.LastJobState == "Succeeded"), "five jobs", Patience);

    private static List<RecurringJobDto> Recurring(WebApplication app)
    {
        using var connection = app.Services.GetRequiredService<JobStorage>().GetConnection();
        return connection.GetRecurringJobs();
    }

    private static HashSet<string> Retries(WebApplication app)
    {
        using var connection = app.Services.GetRequiredService<JobStorage>().GetConnection();
        return connection.GetAllItemsFromSet("retries");
    }
}
