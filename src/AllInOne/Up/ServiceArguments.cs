using System.Reflection;
using Tollgate.Cli.Data;
using Tollgate.Inference;
using Tollgate.Inference.Worker;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.ServiceDefaults.Processes;
using Tollgate.Training.Jobs;

namespace Tollgate.AllInOne.Up;

/// <summary>
/// Arguments of each service of one run: the settings that separate processes get from their environment. The operator's
/// <c>TOLLGATE__…</c> variables reach the services too and override the derived settings.
/// </summary>
internal sealed class ServiceArguments(DataFolder data, Ports ports, Databases databases, OperatorSettings settings)
{
    /// <summary>
    /// Sections that a worker reads. It gets no other variable of the operator, because others may hold secrets of other services.
    /// </summary>
    private static readonly string[] WorkerSections =
    [
        "Logging", "Telemetry",
        .. typeof(InferenceApp).Assembly.GetTypes()
            .Select(type => type.GetField("Section", BindingFlags.Public | BindingFlags.Static)?.GetRawConstantValue()).OfType<string>(),
    ];

    /// <summary>Sections that a trainer reads: a worker's, except its name, folder and address, which are the worker's own.</summary>
    private static readonly string[] TrainerSections =
        [.. WorkerSections.Where(section => section != WorkerOptions.Section), TrainerOptions.Section];

    /// <summary>Folder of the models that the worker installs and serves from the start.</summary>
    public static string DefaultModels(OperatorSettings settings) =>
        settings["Models:Defaults"] ?? Path.Combine(AppContext.BaseDirectory, "models");

    /// <summary>File with the token that opens the pages of a development installation.</summary>
    private string DevelopmentTokenFile => data.SecretFile("development");

    public string[] Gateway() =>
    [
        .. Common("gateway", ports.GatewayInternal),
        $"--Listen:Public={Ports.Url(ports.Api)}",
        $"--Services:accounts={Ports.Url(ports.AccountsInternal)}",
        $"--Services:billing={Ports.Url(ports.BillingInternal)}",
        $"--Services:learning={Ports.Url(ports.LearningInternal)}",
        $"--Redis:ConnectionString={databases.Redis}",
        $"--Gateway:DataDirectory={data.Folder("gateway")}",
        .. Derived("Keys:Peppers", PeppersFile, isFile: true),
    ];

    public string[] Accounts() =>
    [
        .. Common("accounts", ports.AccountsInternal),
        $"--Listen:Public={Ports.Url(ports.Portal)}",
        $"--Services:billing={Ports.Url(ports.BillingInternal)}",
        $"--Services:gateway={Ports.Url(ports.GatewayInternal)}",
        $"--Services:learning={Ports.Url(ports.LearningInternal)}",
        $"--Postgres:ConnectionString={databases.Role("accounts")}",
        $"--Redis:ConnectionString={databases.Redis}",
        $"--{DevelopmentPages.TokenSetting}_FILE={DevelopmentTokenFile}",
        .. Derived("Keys:Peppers", PeppersFile, isFile: true),
        .. Derived("Mail:Folder", () => data.Folder("mail")),
        .. Derived("Portal:PublicUrl", () => Ports.Url(ports.Portal)),
        .. Derived("Portal:ApiBaseUrl", () => $"{Ports.Url(ports.Api)}/v1"),
    ];

    public string[] Billing() =>
    [
        .. Common("billing", ports.BillingInternal),
        $"--Postgres:ConnectionString={databases.Role("billing")}",
        $"--Services:accounts={Ports.Url(ports.AccountsInternal)}",
        .. settings.UsesFakeStripe ? FakeStripeAt() : [],
    ];

    public string[] Learning() =>
    [
        .. Common("learning", ports.LearningInternal),
        $"--Postgres:ConnectionString={databases.Role("learning")}",
        $"--Services:billing={Ports.Url(ports.BillingInternal)}",
        $"--Services:gateway={Ports.Url(ports.GatewayInternal)}",
        .. settings["Storage:Bucket"] is null ? Derived("Storage:Folder", () => data.Folder("files")) : [],
        .. Derived("Sealing:MasterKeys", MasterKeysFile, isFile: true),
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
        $"--{DevelopmentPages.TokenSetting}_FILE={DevelopmentTokenFile}",
    ];

    /// <summary>Describes the worker's process. Its settings are environment variables; its bearers are in a file.</summary>
    /// <param name="servesAsRoot">Whether no other user is available: the worker then stays root, but without capabilities.</param>
    public ChildSpec Worker(bool servesAsRoot)
    {
        var environment = WorkerEnvironment("worker", ports.Worker);
        environment["TOLLGATE__Models__Defaults"] = DefaultModels(settings);
        return Child("worker", ["Tollgate.Inference.dll"], environment, WorkerSections, servesAsRoot);
    }

    /// <summary>Describes the trainer's process, which shows itself to the services as a worker.</summary>
    /// <inheritdoc cref="Worker"/>
    public ChildSpec Trainer(bool servesAsRoot)
    {
        var environment = WorkerEnvironment("trainer", ports.Trainer);
        return Child("trainer", ["Tollgate.Training.dll", "serve"], environment, TrainerSections, servesAsRoot);
    }

    private Dictionary<string, string> WorkerEnvironment(string name, int port) => new(StringComparer.OrdinalIgnoreCase)
    {
        ["TOLLGATE__Cluster__Bearers_FILE"] = BearerFiles.PathOf(data, "inference"),
        ["TOLLGATE__Listen__Internal"] = Ports.Url(port),
        ["TOLLGATE__Services__accounts"] = Ports.Url(ports.AccountsInternal),
        ["TOLLGATE__Services__learning"] = Ports.Url(ports.LearningInternal),
        ["TOLLGATE__Worker__Id"] = $"{name}-1",
        ["TOLLGATE__Worker__DataDirectory"] = data.Folder(name),
        ["TOLLGATE__Models__Directory"] = data.Folder("models"),
    };

    /// <param name="program">File and arguments.</param>
    /// <param name="sections">The operator's settings that the process reads.</param>
    private ChildSpec Child(
        string name, string[] program, Dictionary<string, string> environment, string[] sections, bool servesAsRoot)
    {
        foreach (var (variable, value) in OperatorSettings.Variables(sections))
        {
            environment[variable] = value;
        }

        return new ChildSpec(
            name, [Environment.ProcessPath!, Path.Combine(AppContext.BaseDirectory, program[0]), .. program[1..]], environment,
            Path.Combine(data.Folder("logs"), $"{name}.log"), RunAs: servesAsRoot ? "root" : null);
    }

    /// <summary>Creates the peppers of API keys once, <c>id:hex</c>.</summary>
    private string PeppersFile() => data.SecretFile("peppers", "p1:");

    /// <summary>Creates the master key of files once, <c>id:hex</c>.</summary>
    private string MasterKeysFile() => data.SecretFile("master-keys", "k1:");

    private string[] Common(string self, int internalPort) =>
    [
        "--Host:Signals=ignore",
        $"--Cluster:Bearers_FILE={BearerFiles.PathOf(data, self)}",
        $"--Listen:Internal={Ports.Url(internalPort)}",
    ];

    /// <summary>Returns a derived setting, or nothing when the operator set it.</summary>
    private string[] Derived(string name, Func<string> value, bool isFile = false) =>
        settings[name] is null ? [$"--{name}{(isFile ? "_FILE" : "")}={value()}"] : [];

    private string[] FakeStripeAt() =>
    [
        .. Derived("Stripe:ApiKey", StripeKey), .. Derived("Stripe:ApiBase", () => Ports.Url(ports.Stripe)),
        .. Derived("Stripe:WebhookSecret", () => data.Secret("stripe-webhook", "whsec_")),
    ];

    private string StripeKey() => data.Secret("stripe-key", "sk_test_");
}
