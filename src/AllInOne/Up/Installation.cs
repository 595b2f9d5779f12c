using Tollgate.Accounts;
using Tollgate.Cli.Commands;
using Tollgate.Cli.Data;
using Tollgate.Billing;
using Tollgate.Contracts.Json;
using Tollgate.FakeStripe;
using Tollgate.Gateway;
using Tollgate.Learning;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.ServiceDefaults.Processes;

namespace Tollgate.AllInOne.Up;

/// <summary>
/// A running installation. Gateway, Accounts, Billing, Learning and, unless a real one is configured, the fake Stripe run in this process,
/// as separate web applications with the same interfaces as in production. Postgres, Redis, the worker and the trainer are supervised
/// children.
/// </summary>
internal sealed class Installation : IAsyncDisposable
{
    private static readonly TimeSpan DrainPatience = TimeSpan.FromSeconds(35);
    private readonly Supervisor _supervisor;
    private readonly List<WebApplication> _apps = [];

    private Installation(Supervisor supervisor, Ports ports, Databases databases)
    {
        _supervisor = supervisor;
        Ports = ports;
        Databases = databases;
    }

    public Ports Ports { get; }

    public Databases Databases { get; }

    /// <summary>Starts everything and returns when every component answers.</summary>
    /// <param name="say">Receives progress messages of the start.</param>
    /// <param name="log">Receives the supervisor's messages, also after the start.</param>
    public static async Task<Installation> StartAsync(
        DataFolder data, Ports ports, OperatorSettings settings, bool servesAsRoot, Action<string> say, Action<string> log,
        CancellationToken cancellationToken)
    {
        var supervisor = new Supervisor(data, TimeProvider.System, log);
        await supervisor.EndLeftoversAsync();
        var databases = new Databases(data, ports, supervisor, settings);
        var installation = new Installation(supervisor, ports, databases);
        try
        {
            BearerFiles.Ensure(data);
            var arguments = new ServiceArguments(data, ports, databases, settings);
            say("starting Postgres, Redis and the worker");
            var worker = supervisor.StartAsync("worker", _ => ChildProcess.StartAsync(arguments.Worker(servesAsRoot)));
            await databases.StartAsync(cancellationToken);
            say("bringing the schemas up to date");
            await Task.WhenAll(
                AccountsApp.MigrateAsync(arguments.Accounts(), cancellationToken),
                BillingApp.MigrateAsync(arguments.Billing(), cancellationToken),
                LearningApp.MigrateAsync(arguments.Learning(), cancellationToken));
            say("starting gateway, accounts, billing and learning");
            // The order of the stop: callers before the services that they call.
            installation._apps.AddRange(
                [
                    GatewayApp.Create(arguments.Gateway()), LearningApp.Create(arguments.Learning()),
                    AccountsApp.Create(arguments.Accounts()), BillingApp.Create(arguments.Billing()),
                ]);
            if (settings.UsesFakeStripe)
            {
                installation._apps.Add(FakeStripeApp.Create(arguments.FakeStripe()));
            }

            await worker;
            await supervisor.StartAsync("trainer", _ => ChildProcess.StartAsync(arguments.Trainer(servesAsRoot)));
            await Task.WhenAll(installation._apps.Select(app => app.StartAsync(cancellationToken)));
            var mail = await FindMailboxAsync(ports, data.Secret("development"), cancellationToken);
            installation.WriteEndpoints(data, mail, settings.UsesFakeStripe);
            supervisor.Restarted += () => installation.WriteEndpoints(data, mail, settings.UsesFakeStripe);
            return installation;
        }
        catch
        {
            await installation.DisposeAsync();
            throw;
        }
    }

    /// <summary>Drains running streams, then stops everything.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var app in _apps)
        {
            using var patience = new CancellationTokenSource(DrainPatience, TimeProvider.System);
            await app.StopAsync(patience.Token);
            await app.DisposeAsync();
        }

        _apps.Clear();
        await _supervisor.StopAsync("trainer", ChildSignal.Terminate, TimeSpan.FromSeconds(5)); // Its runs ended with the gateway.
        await _supervisor.StopAsync("worker", ChildSignal.Terminate, TimeSpan.FromSeconds(5));
        await _supervisor.StopAsync("redis", ChildSignal.Terminate, TimeSpan.FromSeconds(5));
        await _supervisor.StopAsync("postgres", ChildSignal.Interrupt, TimeSpan.FromSeconds(30));
        await _supervisor.DisposeAsync();
    }

    /// <summary>Counts the running requests of the gateway; null when it does not answer.</summary>
    public static async Task<int?> CountRunningAsync(Endpoints endpoints, CancellationToken cancellationToken)
    {
        try
        {
            using var client = OperatorClient.Connect(endpoints);
            var fleet = await client.GetAsync("gateway", "/internal/fleet", ContractsJson.Default.Fleet, cancellationToken);
            return fleet.Workers.Sum(worker => worker.InFlight);
        }
        catch (OperatorException)
        {
            return null;
        }
    }

    /// <summary>Returns the address of the portal's development mailbox with its token; null when the portal has none.</summary>
    private static async Task<string?> FindMailboxAsync(Ports ports, string token, CancellationToken cancellationToken)
    {
        var url = $"{Ports.Url(ports.Portal)}/dev/mail?{DevelopmentPages.Query}={token}";
        using var http = new HttpClient();
        using var answer = await http.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return answer.IsSuccessStatusCode ? url : null;
    }

    private void WriteEndpoints(DataFolder data, string? mail, bool fakeStripe) => new Endpoints(
        Ports.Url(Ports.Api), Ports.Url(Ports.Portal), mail, Ports.Url(Ports.GatewayInternal),
        Ports.Url(Ports.AccountsInternal), Ports.Url(Ports.BillingInternal), Ports.Url(Ports.LearningInternal), Ports.Url(Ports.Worker),
        fakeStripe ? Ports.Url(Ports.Stripe) : null, Databases.Superuser, Databases.Redis, BearerFiles.PathOf(data, "operator"),
        new ProcessIds(Environment.ProcessId, _supervisor.IdOf("postgres"), _supervisor.IdOf("redis"), _supervisor.IdOf("worker"),
            _supervisor.IdOf("trainer")))
            .Write(data);
}
