using System.Diagnostics;
using Microsoft.Extensions.Options;
using Tollgate.ServiceDefaults.ServiceAuthentication;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Hosting;

/// <summary>The bearer files: who makes them, what they hold, and a service that lacks its own.</summary>
public sealed class ServiceBearersTests
{
    [Fact]
    public void A_file_holds_what_its_service_sends_and_only_hashes_of_what_it_accepts()
    {
        var files = ServiceBearers.Issue();

        Assert.True(ServiceBearers.AreComplete(files.ToDictionary(file => file.Key, file => ServiceBearers.Parse(file.Value))));
        var sent = ServiceCall.All
            .Select(call => (call.Caller, Bearer: ServiceBearers.Parse(files[call.Caller]).To(call.Callee)!)).ToList();
        Assert.Equal(sent.Count, sent.Select(one => one.Bearer).Distinct().Count());
        Assert.All(sent, one => Assert.All(
            files, file => Assert.Equal(file.Key == one.Caller, file.Value.Contains(one.Bearer, StringComparison.Ordinal))));
    }

    [Theory]
    [InlineData("", "Cluster:Bearers is not set")]
    [InlineData("send billing 00", "Cluster:Bearers line 1 is neither")]
    [InlineData("# a comment\naccept operator", "Cluster:Bearers line 2 is neither")]
    public void Tokens_refuse_a_file_that_is_missing_or_broken_in_one_line(string text, string fault)
    {
        var refusal = Assert.Throws<OptionsValidationException>(
            () => new ServiceTokens(Options.Create(new ClusterOptions { Bearers = text })));

        Assert.StartsWith(fault, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Theory]
    [InlineData("billing", "no line 'send billing …'")]
    [InlineData("accounts", "no line 'send accounts …'")]
    [InlineData("operator", "no line 'accept metrics …'")] // Sends to all, and nobody calls it.
    public void A_gateway_does_not_start_with_the_file_of_another_service(string other, string fault)
    {
        var refusal = Assert.Throws<OptionsValidationException>(() => GatewayApp.Create(
        [
            "--Listen:Public=http://127.0.0.1:0", "--Listen:Internal=http://127.0.0.1:0", TestBearers.Argument(other),
            $"--Keys:Peppers=p1:{new string('0', 64)}", "--Services:accounts=http://127.0.0.1:9", "--Services:billing=http://127.0.0.1:9",
            "--Redis:ConnectionString=127.0.0.1:9", $"--Gateway:DataDirectory={TestFolder.Create("gateway")}",
        ]));

        Assert.Contains(fault, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bearer_is_recognised_whatever_the_case_of_its_scheme_and_no_other_text_is()
    {
        var tokens = TestBearers.Tokens("gateway");
        var bearer = TestBearers.Header("accounts", "gateway").Parameter!;

        Assert.True(tokens.MayCall(Request("Bearer " + bearer), "accounts"));
        Assert.True(tokens.MayCall(Request("bearer " + bearer), "operator", "accounts"));
        Assert.False(tokens.MayCall(Request("Bearer " + bearer), "operator"));
        Assert.All(
            ["", "Bearer ", bearer, "Bearer " + bearer.ToUpperInvariant(), "Bearer " + new string('ü', 64), "Bearer " + bearer + "0"],
            text => Assert.False(tokens.MayCall(Request(text), [.. ServiceCall.Services])));
    }

    [Fact]
    public async Task The_script_for_containers_makes_files_that_serve_every_call_also_while_they_are_changed()
    {
        var folder = TestFolder.Create("secrets");
        await RunScriptAsync(folder);
        var before = Read(folder);
        Assert.True(ServiceBearers.AreComplete(before));
        await RunScriptAsync(folder);
        Assert.Equal(BearersOf(before), BearersOf(Read(folder)));

        // Whichever services have been restarted since a step, each call is accepted: files of the step before serve beside new ones.
        for (var step = 1; step <= 3; step++)
        {
            await RunScriptAsync(folder, "rotate");
            var after = Read(folder);
            Assert.All(ServiceCall.Services, restarted => Assert.True(ServiceBearers.AreComplete(
                before.ToDictionary(file => file.Key, file => file.Key == restarted ? after[file.Key] : file.Value))));
            Assert.True(ServiceBearers.AreComplete(after));
            Assert.Equal(step != 2, BearersOf(before).SequenceEqual(BearersOf(after)));
            before = after;
        }

        var lines = await File.ReadAllLinesAsync(Path.Combine(folder, "billing_bearers"));
        Assert.Equal(ServiceCall.All.Count(call => call.Callee == "billing" || call.Caller == "billing"), lines.Length);
    }

    private static Microsoft.AspNetCore.Http.HttpRequest Request(string authorization)
    {
        var context = new Microsoft.AspNetCore.Http.DefaultHttpContext();
        context.Request.Headers.Authorization = authorization;
        return context.Request;
    }

    private static Dictionary<string, ServiceBearers> Read(string folder) => ServiceCall.Services.ToDictionary(
        service => service, service => ServiceBearers.Parse(File.ReadAllText(Path.Combine(folder, service + "_bearers"))));

    private static string?[] BearersOf(Dictionary<string, ServiceBearers> files) =>
        [.. ServiceCall.All.Select(call => files[call.Caller].To(call.Callee))];

    private static async Task RunScriptAsync(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("sh", [Path.Combine(SharedFiles.Repository, "infra", "make-secrets.sh"), .. arguments]);
        start.Environment["TOLLGATE_SECRETS"] = folder;
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }
}
