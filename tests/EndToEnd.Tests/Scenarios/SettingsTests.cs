using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Gateway;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.Workers;
using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>How settings are written, and what a wrong one gets.</summary>
public sealed class SettingsTests
{
    private static readonly string[] Gateway =
    [
        "--Listen:Public=http://127.0.0.1:0", "--Listen:Internal=http://127.0.0.1:0", TestBearers.Argument("gateway"),
        "--Redis:ConnectionString=127.0.0.1:1", $"--Keys:Peppers=p1:{new string('0', 64)}", "--Services:accounts=http://127.0.0.1:1",
        "--Services:billing=http://127.0.0.1:1",
    ];

    [Theory]
    [InlineData("--Proxies:Trusted=10.0.0.0/8,127.0.0.1")]
    [InlineData("--Proxies:Trusted=10.0.0.0/8 127.0.0.1/32")]
    [InlineData("--Proxies:Trusted:0=10.0.0.0/8", "--Proxies:Trusted:1=127.0.0.1")]
    public async Task Trusted_proxies_are_a_list_in_one_value_or_in_numbered_ones(params string[] settings)
    {
        await using var app = Create(settings);

        var networks = app.Services.GetRequiredService<IOptions<ProxyOptions>>().Value.Trusted;

        Assert.Equal(["10.0.0.0/8", "127.0.0.1/32"], networks.Select(network => network.ToString()));
    }

    [Theory]
    [InlineData("--Routing:Workers=http://a:1,http://b:2")]
    [InlineData("--Routing:Workers:0=http://a:1", "--Routing:Workers:1=http://b:2/")]
    public async Task Workers_are_a_list_in_one_value_or_in_numbered_ones(params string[] settings)
    {
        await using var app = Create(settings);

        var workers = app.Services.GetRequiredService<IOptions<RoutingOptions>>().Value.Workers;

        Assert.Equal(["http://a:1/", "http://b:2/"], workers.Select(worker => worker.ToString()));
    }

    [Theory]
    [InlineData("--OpenAi:BrowserOrigins=https://a.example https://b.example")]
    [InlineData("--OpenAi:BrowserOrigins:0=https://a.example", "--OpenAi:BrowserOrigins:1=https://b.example")]
    public async Task Browser_origins_are_a_list_in_one_value_or_in_numbered_ones(params string[] settings)
    {
        await using var app = Create(settings);

        var origins = PlatformSettings.SplitList(app.Services.GetRequiredService<IOptions<OpenAiOptions>>().Value.BrowserOrigins);

        Assert.Equal(["https://a.example", "https://b.example"], origins);
    }

    [Fact]
    public void A_file_gives_the_value_and_a_value_beside_it_is_refused_by_name()
    {
        var file = Path.Combine(TestFolder.Create("settings"), "secret");
        File.WriteAllText(file, "from the file\n");

        var read = PlatformSettings.Read([$"--Mail:SmtpPassword_FILE={file}"]);
        var both = Assert.Throws<InvalidOperationException>(
            () => PlatformSettings.Read([$"--Mail:SmtpPassword_FILE={file}", "--Mail:SmtpPassword=x"]));
        var missing = Assert.Throws<InvalidOperationException>(() => PlatformSettings.Read([$"--Mail:SmtpPassword_FILE={file}.gone"]));

        Assert.Equal("from the file", read["Mail:SmtpPassword"]);
        Assert.Contains("Mail:SmtpPassword_FILE", both.Message, StringComparison.Ordinal);
        Assert.Contains("Mail:SmtpPassword_FILE", missing.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TOLLGATE__Listen__Internal", "http://127.0.0.1:1", "TOLLGATE__Listen__Internal")]
    [InlineData("TOLLGATE__Redis__ConnectionString", "127.0.0.1", "TOLLGATE__AllInOne__Redis")]
    [InlineData("TOLLGATE__Postgres__ConnectionString_FILE", "/etc/hostname", "TOLLGATE__AllInOne__Postgres")]
    [InlineData("TOLLGATE__Models__Directory", "/models", "--data")]
    [InlineData("TOLLGATE__Development__Token_FILE", "/etc/hostname", "TOLLGATE__Development__Token")]
    [InlineData("TOLLGATE__FakeStripe__WebhookSecret", "whsec_mine", "TOLLGATE__FakeStripe__WebhookSecret")]
    [InlineData("OTEL_SERVICE_NAME", "mine", "OTEL_RESOURCE_ATTRIBUTES")]
    [InlineData("TOLLGATE__Stripe__ApiKey_FILE", "/no/such/file", "Stripe:ApiKey_FILE")]
    public async Task A_setting_that_up_cannot_take_is_refused_by_name_before_anything_starts(string name, string value, string told)
    {
        var data = RunningTollgate.NewDataFolder();

        var run = await UpAsync(data, new Dictionary<string, string> { [name] = value });

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(told, run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.Trim().Split('\n'));
        Assert.False(Directory.Exists(data));
    }

    [Fact]
    public async Task A_public_portal_without_a_mail_server_and_a_wrong_proxy_end_the_start_with_one_line()
    {
        var data = RunningTollgate.NewDataFolder();

        var noMail = await UpAsync(
            data, new Dictionary<string, string> { ["TOLLGATE__Portal__PublicUrl"] = "https://portal.example.test" });
        var noProxy = await UpAsync(data, new Dictionary<string, string> { ["TOLLGATE__Proxies__Trusted__0"] = "a.proxy" });

        Assert.Equal((1, 1), (noMail.ExitCode, noProxy.ExitCode));
        Assert.Contains("Mail:SmtpHost", Assert.Single(noMail.Error.Trim().Split('\n')), StringComparison.Ordinal);
        Assert.Contains("Proxies:Trusted: 'a.proxy'", Assert.Single(noProxy.Error.Trim().Split('\n')), StringComparison.Ordinal);
    }

    private static WebApplication Create(string[] settings) =>
        GatewayApp.Create([.. Gateway, $"--Gateway:DataDirectory={TestFolder.Create("gateway")}", .. settings]);

    private static Task<ProgramRun> UpAsync(string data, Dictionary<string, string> environment) => ProgramRun.RunAsync(
        "dotnet",
        [OperatorCommands.Program, "up", "--data", data, "--api-port", $"{FreePort.Next()}", "--portal-port", $"{FreePort.Next()}"],
        environment, patience: TimeSpan.FromMinutes(2));
}
