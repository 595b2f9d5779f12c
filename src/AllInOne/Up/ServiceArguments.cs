using Tollgate.LocalServers;

namespace Tollgate.AllInOne.Up;

/// <summary>
/// What each service of one run is told: the same settings that separate processes get from their environment. An operator's own
/// <c>TOLLGATE__…</c> variables reach every service too; what is named here wins.
/// </summary>
internal sealed class ServiceArguments(DataFolder data, Ports ports, Databases databases, bool fakeStripe)
{
    public string[] Gateway() =>
    [
        .. Common("gateway", ports.GatewayInternal),
        $"--Listen:Public={Ports.Url(ports.Api)}",
        $"--Services:accounts={Ports.Url(ports.AccountsInternal)}",
        $"--Services:billing={Ports.Url(ports.BillingInternal)}",
        $"--Redis:ConnectionString={databases.Redis}",
        $"--Keys:Peppers_FILE={PeppersFile()}",
        $"--Gateway:DataDirectory={data.Folder("gateway")}",
    ];

    public string[] Accounts() =>
    [
        .. Common("accounts", ports.AccountsInternal),
        $"--Listen:Public={Ports.Url(ports.Portal)}",
        $"--Services:billing={Ports.Url(ports.BillingInternal)}",
        $"--Services:gateway={Ports.Url(ports.GatewayInternal)}",
        $"--Postgres:ConnectionString={databases.Role("accounts")}",
        $"--Redis:ConnectionString={databases.Redis}",
        $"--Keys:Peppers_FILE={PeppersFile()}",
        $"--Mail:Folder={data.Folder("mail")}",
        $"--Portal:PublicUrl={Ports.Url(ports.Portal)}",
        $"--Portal:ApiBaseUrl={Ports.Url(ports.Api)}/v1",
    ];

    public string[] Billing() =>
    [
        .. Common("billing", ports.BillingInternal),
        $"--Postgres:ConnectionString={databases.Role("billing")}",
        $"--Services:accounts={Ports.Url(ports.AccountsInternal)}",
        .. FakeStripeAt(),
    ];

    public string[] FakeStripe() =>
    [
        "--Host:Signals=ignore",
        $"--Listen:Internal={Ports.Url(ports.StripeInternal)}",
        $"--Listen:Public={Ports.Url(ports.Stripe)}",
        $"--FakeStripe:ApiKey={StripeKey()}",
        $"--FakeStripe:WebhookSecret={data.Secret("stripe-webhook", "whsec_")}",
        $"--FakeStripe:WebhookUrl={Ports.Url(ports.Portal)}/stripe/webhook",
        $"--FakeStripe:StateFile={Path.Combine(data.Folder("stripe"), "state.json")}",
    ];

    /// <summary>The worker runs as a process of its own; its settings go by environment, its bearers by file.</summary>
    public ChildSpec Worker() => new(
        "worker",
        [Environment.ProcessPath!, Path.Combine(AppContext.BaseDirectory, "Tollgate.Inference.dll")],
        new Dictionary<string, string>
        {
            ["TOLLGATE__Cluster__Bearers_FILE"] = BearerFiles.PathOf(data, "inference"),
            ["TOLLGATE__Listen__Internal"] = Ports.Url(ports.Worker),
            ["TOLLGATE__Services__accounts"] = Ports.Url(ports.AccountsInternal),
            ["TOLLGATE__Worker__Id"] = "worker-1",
            ["TOLLGATE__Worker__DataDirectory"] = data.Folder("worker"),
            ["TOLLGATE__Models__Directory"] = data.Folder("models"),
            ["TOLLGATE__Models__Defaults"] = Path.Combine(AppContext.BaseDirectory, "models"),
        },
        Path.Combine(data.Folder("logs"), "worker.log"));

    /// <summary>Peppers of API keys, <c>id:hex</c>; made once.</summary>
    public string PeppersFile() => data.SecretFile("peppers", "p1:");

    private string[] Common(string self, int internalPort) =>
    [
        "--Host:Signals=ignore",
        $"--Cluster:Bearers_FILE={BearerFiles.PathOf(data, self)}",
        $"--Listen:Internal={Ports.Url(internalPort)}",
    ];

    private string[] FakeStripeAt() => fakeStripe
        ? [$"--Stripe:ApiKey={StripeKey()}", $"--Stripe:ApiBase={Ports.Url(ports.Stripe)}",
            $"--Stripe:WebhookSecret={data.Secret("stripe-webhook", "whsec_")}"]
        : [];

    private string StripeKey() => data.Secret("stripe-key", "sk_test_");
}
