using System.Text.RegularExpressions;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>What the terminal shows to somebody who asks for help or makes a mistake.</summary>
public sealed class CommandLineTests
{
    [Theory]
    [InlineData("up")]
    [InlineData("test")]
    [InlineData("models")]
    [InlineData("prices")]
    [InlineData("bootstrap")]
    [InlineData("keys")]
    [InlineData("gateways")]
    [InlineData("workers")]
    [InlineData("audit")]
    [InlineData("federated")]
    [InlineData("doctor")]
    [InlineData("chaos")]
    [InlineData("bench")]
    public async Task Help_of_a_verb_needs_no_build_and_makes_nothing(string verb)
    {
        var folder = TestFolder.Create("clone");
        File.Copy(Path.Combine(SharedFiles.Repository, "tollgate"), Path.Combine(folder, "tollgate"));

        var run = await ProgramRun.RunAsync("/bin/bash", [Path.Combine(folder, "tollgate"), verb, "--help"]);

        Assert.StartsWith($"usage: ./tollgate {verb}", run.Succeeded(), StringComparison.Ordinal);
        Assert.Equal(["tollgate"], Directory.GetFileSystemEntries(folder).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("up")]
    [InlineData("bootstrap")]
    [InlineData("keys", "create")]
    [InlineData("models", "import", "install", "catalogue", "canary")]
    [InlineData("prices", "schedule")]
    [InlineData("gateways", "retire")]
    [InlineData("audit", "verify", "export")]
    [InlineData("federated", "kit")]
    public async Task Help_of_the_script_and_of_the_program_name_the_same_options(string verb, params string[] below)
    {
        var script = await ProgramRun.RunAsync("/bin/bash", [Path.Combine(SharedFiles.Repository, "tollgate"), verb, "--help"]);
        var program = "";
        foreach (var command in below.Length == 0 ? (string[][])[[verb]] : [.. below.Select(one => (string[])[verb, one])])
        {
            var run = await ProgramRun.RunAsync("dotnet", [OperatorCommands.ProgramOf(verb), .. command, "--help"]);
            Assert.Contains($"./tollgate {verb}", run.Succeeded(), StringComparison.Ordinal);
            program += run.Output;
        }

        Assert.Equal(Options(program), Options(script.Succeeded()));
    }

    [Theory]
    [InlineData("--api-port", "up", "--api-port", "abc")]
    [InlineData("--portal-port", "up", "--portal-port", "65536")]
    [InlineData("--admin-email", "up", "--admin-email", "nobody")]
    [InlineData("--email", "bootstrap", "--email", "nobody")]
    [InlineData("KEY", "keys", "revoke", "mine")]
    [InlineData("--price-out", "prices", "set", "m", "--price-out", "1000000000.000001")]
    [InlineData("--rpm", "keys", "create", "--name", "n", "--rpm", "0")]
    [InlineData("--budget-usd", "keys", "create", "--name", "n", "--budget-usd", "0,10")]
    [InlineData("--price-in", "models", "import", "f.gguf", "--name", "n", "--price-in", "-1")]
    [InlineData("JOURNAL", "gateways", "retire", "mine")]
    [InlineData("VERSION", "prices", "cancel", "mine")]
    [InlineData("--organization", "prices", "set", "m", "--organization", "mine")]
    [InlineData("--from", "prices", "schedule", "m", "--from", "2030-01-31T00:00+01:00")]
    [InlineData("--from", "prices", "schedule", "m", "--price-in", "1", "--price-out", "1")]
    [InlineData("--price-in", "prices", "set", "m", "--price-in", "1,5")]
    [InlineData("--name", "keys", "create")]
    [InlineData("VERSION=WEIGHT", "models", "weights", "m", "1")]
    [InlineData("VERSION=WEIGHT", "models", "weights", "m", "1=1", "1=2")]
    [InlineData("PERCENT", "models", "shadow", "m", "2", "101")]
    [InlineData("--window", "models", "canary", "m", "2", "--window", "10")]
    [InlineData("--steps", "models", "canary", "m", "2", "--steps", "5", "101")]
    [InlineData("--latency", "models", "canary", "m", "2", "--latency", "0.5")]
    [InlineData("--precision f64", "models", "import", "/none", "--name", "m", "--precision", "f64")]
    [InlineData("--price-in", "models", "install", "all-minilm-l6-v2", "--price-in", "1,5")]
    [InlineData("--precision f64", "models", "install", "all-minilm-l6-v2", "--precision", "f64")]
    [InlineData("--kv", "models", "install", "all-minilm-l6-v2", "--kv", "int8")]
    public async Task A_wrong_option_is_answered_with_one_line_that_names_it(string named, params string[] arguments)
    {
        var run = await ProgramRun.RunAsync("dotnet", [OperatorCommands.ProgramOf(arguments[0]), .. arguments]);

        Assert.Equal(2, run.ExitCode);
        Assert.Equal("", run.Output);
        Assert.Contains(named, Assert.Single(run.Error.Trim().Split('\n')), StringComparison.Ordinal);
        Assert.DoesNotContain("System.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Install_takes_the_options_of_import_but_those_that_state_what_the_source_is()
    {
        var import = await ProgramRun.RunAsync("dotnet", [OperatorCommands.Program, "models", "import", "--help"]);
        var install = await ProgramRun.RunAsync("dotnet", [OperatorCommands.Program, "models", "install", "--help"]);

        var (all, some) = (Options(import.Succeeded()).ToArray(), Options(install.Succeeded()).ToArray());
        Assert.Equal(
            ["--dimensions", "--document-prefix", "--file", "--most-elements", "--pooling", "--query-prefix", "--task", "--tokenizer"],
            all.Except(some));
        Assert.Equal(["--yes"], some.Except(all));
    }

    [Theory]
    [InlineData("Tollgate.Gateway")]
    [InlineData("Tollgate.Accounts")]
    [InlineData("Tollgate.Billing")]
    [InlineData("Tollgate.Inference")]
    public async Task A_service_answers_help_and_wrong_settings_in_words_without_a_stack(string service)
    {
        var program = Path.Combine(Path.GetDirectoryName(OperatorCommands.Program)!, service + ".dll");

        var help = await ProgramRun.RunAsync("dotnet", [program, "--help"]);
        var wrong = await ProgramRun.RunAsync("dotnet", [program, "--Listen:Internal=nowhere"]);
        var unknown = await ProgramRun.RunAsync("dotnet", [program, "serve"]);

        Assert.StartsWith($"usage: {service}", help.Succeeded(), StringComparison.Ordinal);
        Assert.Equal((1, 1), (wrong.ExitCode, unknown.ExitCode));
        Assert.DoesNotContain("   at ", wrong.Output, StringComparison.Ordinal);
        Assert.StartsWith($"{service}: ", Assert.Single(wrong.Error.Trim().Split('\n')), StringComparison.Ordinal);
        Assert.Contains("serve", Assert.Single(unknown.Error.Trim().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_fails_only_on_what_up_needs_and_makes_no_folder()
    {
        var data = RunningTollgate.NewDataFolder();
        var onlySetpriv = TestFolder.Create("path");
        File.CreateSymbolicLink(Path.Combine(onlySetpriv, "setpriv"), "/usr/bin/setpriv");
        var dotnet = (await ProgramRun.RunAsync("/bin/sh", ["-c", "command -v dotnet"])).Succeeded().Trim();

        var run = await ProgramRun.RunAsync(dotnet, [OperatorCommands.Program, "doctor", "--data", data], new Dictionary<string, string>
        {
            ["PATH"] = onlySetpriv,
            ["TOLLGATE__AllInOne__Postgres"] = "Host=127.0.0.1",
            ["TOLLGATE__AllInOne__Redis"] = "127.0.0.1",
        });
        var withoutRedis = await ProgramRun.RunAsync(
            dotnet, [OperatorCommands.Program, "doctor", "--data", data],
            new Dictionary<string, string>
            {
                ["PATH"] = onlySetpriv,
                ["TOLLGATE__AllInOne__Postgres"] = "Host=127.0.0.1",
            });

        Assert.Matches("-        node, .*only the tests", run.Succeeded());
        Assert.Contains("CUDA is untested on a GPU", run.Output, StringComparison.Ordinal);
        Assert.Contains("ok       execution provider cpu: ", run.Output, StringComparison.Ordinal);
        Assert.Equal(1, withoutRedis.ExitCode);
        Assert.Contains("MISSING  redis-server", withoutRedis.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(data));
    }

    private static IEnumerable<string> Options(string help) =>
        Regex.Matches(help, "--[a-z][a-z-]+").Select(option => option.Value).Where(option => option != "--help").Distinct().Order();
}
