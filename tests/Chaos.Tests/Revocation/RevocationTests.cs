using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;
using Tollgate.Contracts.Keys;
using Tollgate.Testing;
using Xunit.Abstractions;

namespace Tollgate.Chaos.Tests.Revocation;

/// <summary>
/// Whatever stops a key, the very next request on each of three gateways obeys, GETs too. Each key is called on every gateway before, so
/// that each remembers it as good; then it is changed on the portal's page; then comes exactly one request to each gateway, all at once,
/// and it must be refused. POST and GET are asked with a key of their own, because the first request makes a gateway look anew.
/// </summary>
public sealed partial class RevocationTests(RevocationCluster shared, ITestOutputHelper output)
    : IClassFixture<RevocationCluster>, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly HttpMethod[] Methods = [HttpMethod.Post, HttpMethod.Get];
    private static readonly TimeProvider Clock = TimeProvider.System;
    private readonly ConcurrentQueue<string> _table = new();

    /// <summary>Prints what was measured: milliseconds from the change's answer to each gateway's.</summary>
    public void Dispose()
    {
        output.WriteLine("| change | what happens meanwhile | request | gateway 1 | gateway 2 | gateway 3 |\n|---|---|---|---|---|---|");
        foreach (var line in _table)
        {
            output.WriteLine(line);
        }
    }

    [Fact]
    public async Task The_very_next_request_on_each_gateway_obeys()
    {
        foreach (var change in Change.OfKeys)
        {
            foreach (var subject in await PrepareAsync([change]))
            {
                await MakeAsync(subject);
                await AskOnceAsync(subject, "nothing", Clock.GetTimestamp());
            }
        }

        foreach (var method in Methods)
        {
            var subject = await PrepareSuspensionAsync(method);
            await MakeAsync(subject);
            await AskOnceAsync(subject, "nothing", Clock.GetTimestamp());
            await LiftAsync();
        }
    }

    [Fact]
    public async Task Redis_wiped_right_after_the_change_brings_nothing_back()
    {
        var subjects = await PrepareAsync(Change.OfKeys);
        await Task.WhenAll(subjects.Select(MakeAsync));
        await WipeAndAskAsync(subjects);
        foreach (var method in Methods)
        {
            var suspension = await PrepareSuspensionAsync(method);
            await MakeAsync(suspension);
            await WipeAndAskAsync([suspension]);
            await LiftAsync();
        }
    }

    /// <summary>Until a change's page is answered nothing is promised: killed before it reached Redis, the change comes into force when
    /// Accounts is back. It cannot be lost, and from the first refusal on each gateway obeys.</summary>
    [Fact]
    public async Task Accounts_killed_between_commit_and_Redis_publishes_when_it_is_back()
    {
        await KillBetweenAsync(await PrepareAsync(Change.OfKeys));
        await KillBetweenAsync([await PrepareSuspensionAsync(HttpMethod.Post)]);
        await LiftAsync();
        await KillBetweenAsync([await PrepareSuspensionAsync(HttpMethod.Get)]);
        await LiftAsync();
    }

    [Fact]
    public async Task Overlap_of_a_rotation_serves_both_secrets_and_its_page_counts_the_old_one()
    {
        var (keyId, old) = await shared.Owner.CreateKeyAsync("rotated");
        Assert.All(await AskAllAsync(HttpMethod.Get, old), answer => Assert.Equal(200, answer.Status));
        var form = await shared.Owner.OpenAsync($"/keys/{keyId}/rotate", "Rotate key");
        var current = KeyText().Match(await shared.Owner.SendAsync(form.With("Input.OverlapHours", "1"))).Groups[1].Value;

        var byOld = (await AskAllAsync(HttpMethod.Get, old)).Concat(await AskAllAsync(HttpMethod.Post, old)).ToList();
        var byNew = await AskAllAsync(HttpMethod.Post, current);
        await Until.TrueAsync( // 2 requests by the old secret on each of 3 gateways.
            async () => (await shared.Owner.ReadAsync($"/keys/{keyId}")).Contains("id=\"old-calls\">6<", StringComparison.Ordinal),
            "six calls with the old secret on the key's page", Patience);
        var ended = await shared.Owner.SendAsync(await shared.Owner.OpenAsync($"/keys/{keyId}", "End overlap now"));

        Assert.All(byOld.Concat(byNew), answer => Assert.Equal(200, answer.Status));
        Assert.Contains("in force from the next request on", ended, StringComparison.Ordinal);
        Assert.All(await AskAllAsync(HttpMethod.Get, old), answer => Assert.Equal((401, "invalid_api_key"), (answer.Status, answer.Code)));
        Assert.All(await AskAllAsync(HttpMethod.Post, current), answer => Assert.Equal(200, answer.Status));
    }

    private async Task KillBetweenAsync(IReadOnlyList<Subject> subjects)
    {
        var versions = await VersionsAsync(subjects);
        shared.Proxy.FallSilent();
        var pages = subjects.Select(subject => shared.Owner.SendAsync(subject.Form)).ToList();
        await Until.TrueAsync(
            async () => (await VersionsAsync(subjects)).Zip(versions).All(v => v.First != v.Second), "every change is committed", Patience);
        await shared.Cluster.Accounts.KillAsync();
        var told = await Task.WhenAll(pages.Select(AnswerOrNothingAsync));
        var between = await Task.WhenAll(subjects.Select(s => shared.Probe.CallAsync(shared.Cluster.Api[0], s.Method, s.KeyText)));
        shared.Proxy.SpeakAgain();
        await shared.Cluster.Accounts.StartAsync();
        var back = Clock.GetTimestamp();

        Assert.All(told.Zip(subjects), t => Assert.DoesNotContain(t.Second.Change.Done, t.First, StringComparison.Ordinal));
        Assert.All(between, answer => Assert.Equal(200, answer.Status)); // Redis has not heard of it: the moment was the right one.
        await Task.WhenAll(subjects.Select(subject => AskFromTheFirstRefusalOnAsync(subject, back)));
    }

    /// <summary>On the first gateway until it obeys; from then on Redis has it, and the next request on each gateway obeys.</summary>
    private async Task AskFromTheFirstRefusalOnAsync(Subject subject, long back)
    {
        await Until.TrueAsync(
            async () => Is(await shared.Probe.CallAsync(shared.Cluster.Api[0], subject.Method, subject.KeyText), subject),
            $"{subject.Change.Name} is in force", Patience);
        await AskOnceAsync(subject, "Accounts killed between commit and Redis; since it is back", back);
    }

    private async Task WipeAndAskAsync(IReadOnlyList<Subject> subjects)
    {
        await shared.Cluster.Redis.KillAsync();
        await shared.Cluster.Redis.StartAsync();
        var wiped = Clock.GetTimestamp();
        await Task.WhenAll(subjects.Select(async subject => Note(
            subject, "Redis wiped; since it is up",
            await Task.WhenAll(shared.Cluster.Api.Select(gateway => AskUntilDecidedAsync(gateway, subject))), wiped)));
    }

    /// <summary>A gateway that has not found Redis again says 503, which serves nobody; what it says then must be the refusal.</summary>
    private async Task<Answered> AskUntilDecidedAsync(string gateway, Subject subject)
    {
        Answered answer = new(0, null, 0);
        await Until.TrueAsync(
            async () => (answer = await shared.Probe.CallAsync(gateway, subject.Method, subject.KeyText)).Status != 503,
            $"{gateway} decides", Patience);
        return answer;
    }

    private async Task AskOnceAsync(Subject subject, string meanwhile, long since) =>
        Note(subject, meanwhile, await AskAllAsync(subject.Method, subject.KeyText), since);

    private Task<Answered[]> AskAllAsync(HttpMethod method, string keyText) =>
        shared.Probe.CallAllAsync(shared.Cluster.Api, method, keyText);

    private void Note(Subject subject, string meanwhile, Answered[] answers, long since)
    {
        Assert.All(answers, answer => Assert.True(
            Is(answer, subject), $"{subject.Change.Name}, {meanwhile}, {subject.Method}: {answer.Status} {answer.Code}"));
        var times = answers.Select(a => Clock.GetElapsedTime(since, a.At).TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture));
        _table.Enqueue($"| {subject.Change.Name} | {meanwhile} | {subject.Method} | {string.Join(" | ", times)} |");
    }

    private static bool Is(Answered answer, Subject subject) =>
        (answer.Status, answer.Code) == (subject.Method == HttpMethod.Post ? subject.Change.Post : subject.Change.Get);

    /// <summary>A key for each change and method, called on every gateway, with the form that will change it.</summary>
    private async Task<IReadOnlyList<Subject>> PrepareAsync(IReadOnlyList<Change> changes)
    {
        List<Subject> subjects = [];
        foreach (var change in changes)
        {
            foreach (var method in Methods.Where(method => method == HttpMethod.Post || change.Get is not null))
            {
                var (keyId, text) = await shared.Owner.CreateKeyAsync($"{change.Name} {method}");
                subjects.Add(await PrepareAsync(change, method, keyId.ToString(), text));
            }
        }

        return subjects;
    }

    private async Task<Subject> PrepareSuspensionAsync(HttpMethod method) => await PrepareAsync(
        Change.Suspension, method, shared.OrganizationId, (await shared.Owner.CreateKeyAsync($"suspended {method}")).Text);

    private async Task<Subject> PrepareAsync(Change change, HttpMethod method, string id, string keyText)
    {
        await Until.TrueAsync( // A till that was just wiped answers 503 until its epoch is open.
            async () => (await AskAllAsync(method, keyText)).All(answer => answer.Status == 200), "every gateway knows the key", Patience);
        var page = string.Format(CultureInfo.InvariantCulture, change.Page, id);
        return new Subject(change, method, keyText, change.Fill(await shared.Owner.OpenAsync(page, change.Mark)));
    }

    private async Task MakeAsync(Subject subject) =>
        Assert.Contains(subject.Change.Done, await shared.Owner.SendAsync(subject.Form), StringComparison.Ordinal);

    private async Task LiftAsync() =>
        await shared.Owner.SendAsync(await shared.Owner.OpenAsync($"/admin/organizations/{shared.OrganizationId}", "Lift the suspension"));

    private static async Task<string> AnswerOrNothingAsync(Task<string> page)
    {
        try
        {
            return await page;
        }
        catch (HttpRequestException)
        {
            return ""; // Accounts died under it.
        }
    }

    /// <summary>Versions of the rows that the changes change, as Postgres has them.</summary>
    private async Task<IReadOnlyList<Guid>> VersionsAsync(IReadOnlyList<Subject> subjects)
    {
        await using var connection = new NpgsqlConnection(shared.Cluster.PostgresConnection);
        await connection.OpenAsync();
        List<Guid> versions = [];
        foreach (var subject in subjects)
        {
            await using var command = new NpgsqlCommand(
                subject.Change == Change.Suspension
                    ? "select version from accounts.organization_policies where $1 <> '' limit 1"
                    : "select version from accounts.api_keys where public_id = $1",
                connection)
            {
                Parameters = { new() { Value = subject.KeyText.Substring(ApiKeyText.Prefix.Length, ApiKeyText.PublicIdLength) } },
            };
            versions.Add((Guid)(await command.ExecuteScalarAsync())!);
        }

        return versions;
    }

    [GeneratedRegex("id=\"key-text\"[^>]*>([^<]+)<")]
    private static partial Regex KeyText();

    /// <summary>One change that is about to be made, and the request that will find it made.</summary>
    private sealed record Subject(Change Change, HttpMethod Method, string KeyText, HtmlForm Form);
}
