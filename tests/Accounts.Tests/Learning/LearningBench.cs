using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Learning;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests.Learning;

/// <summary>A real Accounts and a real Learning, each with a database of its own, and fine-tuning by a script.</summary>
internal sealed class LearningBench : IAsyncDisposable
{
    private readonly WebApplication _learning;

    private LearningBench(AccountsHost host, WebApplication learning, ScriptedLearning script) =>
        (Host, _learning, Script) = (host, learning, script);

    public AccountsHost Host { get; }

    public ScriptedLearning Script { get; }

    public static async Task<LearningBench> StartAsync(params string[] more)
    {
        var postgres = await PostgresServer.CreateDatabaseAsync(
            "learning", connection => LearningApp.MigrateAsync([$"--Postgres:ConnectionString={connection}"], CancellationToken.None));
        var learning = LearningApp.Create(
        [
            "--Listen:Internal=http://127.0.0.1:0", TestBearers.Argument("learning"), $"--Postgres:ConnectionString={postgres}",
            $"--Storage:Folder={TestFolder.Create("files")}", $"--Sealing:MasterKeys=k1:{new string('7', 64)}",
            "--Services:gateway=http://127.0.0.1:1", "--Services:billing=http://127.0.0.1:1", "--Batches:Batches=0",
            "--Jobs:Concurrency=0", "--Jobs:Plans=0", "--Jobs:FirstPlan=00:00:00",
        ]);
        await learning.StartAsync();
        var script = await ScriptedLearning.StartAsync(learning.Url(ListenerKind.Internal));
        var host = await AccountsHost.StartAsync(null, [$"--Services:learning={script.Url}", .. more]);
        return new LearningBench(host, learning, script);
    }

    /// <summary>Ends Learning, as an outage does.</summary>
    public Task StopLearningAsync() => Script.DisposeAsync().AsTask();

    /// <summary>Gives the only member of the only organization a role.</summary>
    public Task SetRoleAsync(MemberRole role) => Host.InScopeAsync<AccountsDb, int>(
        db => db.Memberships.ExecuteUpdateAsync(row => row.SetProperty(member => member.Role, role)));

    /// <summary>Sends a file by the form of the page, with its token, and returns the answer.</summary>
    public static async Task<Page> SendFileAsync(
        PortalBrowser browser, byte[] bytes, string purpose, string name, string? token = null, string keep = "")
    {
        var page = await browser.OpenAsync("/files/new");
        using var form = new MultipartFormDataContent();
        if ((token ?? TokenOn(page)) is { Length: > 0 } given)
        {
            form.Add(new StringContent(given), "__RequestVerificationToken");
        }

        form.Add(new StringContent(purpose), "purpose");
        form.Add(new StringContent(keep), "keep");
        var file = new ByteArrayContent(bytes);
        file.Headers.ContentDisposition = new ContentDispositionHeaderValue("form-data") { Name = "file" };
        if (name.Length > 0)
        {
            file.Headers.ContentDisposition.FileNameStar = name;
        }
        else
        {
            file.Headers.ContentDisposition.FileName = "\"\""; // As a browser sends a field without a file.
        }

        form.Add(file);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/files/upload") { Content = form };
        return await browser.SendAsync(request);
    }

    /// <summary>Sends a file and returns its id.</summary>
    public static async Task<string> AddFileAsync(PortalBrowser browser, string text, string purpose, string name = "a.jsonl")
    {
        var sent = await SendFileAsync(browser, Encoding.UTF8.GetBytes(text), purpose, name);
        return PathOf(sent)["/files/".Length..];
    }

    /// <summary>Where an answer leads, as a path.</summary>
    public static string PathOf(Page answer)
    {
        Assert.True(answer.Location is not null, answer.Html);
        return new Uri(new Uri("http://portal"), answer.Location).PathAndQuery;
    }

    /// <summary>The token of a page's last form.</summary>
    public static string TokenOn(Page page)
    {
        const string Mark = "name=\"__RequestVerificationToken\" value=\"";
        var rest = page.Html[(page.Html.LastIndexOf(Mark, StringComparison.Ordinal) + Mark.Length)..];
        return WebUtility.HtmlDecode(rest[..rest.IndexOf('"', StringComparison.Ordinal)]);
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await Script.DisposeAsync();
        await _learning.StopAsync();
        await _learning.DisposeAsync();
    }
}
