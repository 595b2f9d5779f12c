using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Playwright;
using Tollgate.Accounts.Tests.Learning;
using Tollgate.EndToEnd.Tests.Portal;

namespace Tollgate.Accounts.Tests.FineTuning;

/// <summary>The way of a person in a real Chromium: send examples, train, watch the curve, deploy, try.</summary>
public sealed class BrowserPathTests
{
    private const string Examples = """
        {"text": "I like it", "label": "good"}
        {"text": "I hate it", "label": "bad"}

        """;

    /// <summary>What comes next waits for what it needs of the page. Its load event may be over before anybody waits for it.</summary>
    private static readonly PageWaitForURLOptions Arrived = new() { WaitUntil = WaitUntilState.Commit };

    [Fact]
    public async Task Examples_become_a_deployed_model_and_the_browser_has_nothing_to_complain_about()
    {
        await using var bench = await LearningBench.StartAsync();
        using (var ada = await bench.Host.SignUpAsync())
        {
            await ada.CreateKeyAsync("trainer");
        }

        using var playwright = await Playwright.CreateAsync();
        await using var browser = await Chromium.LaunchAsync(playwright);
        var page = await browser.NewPageAsync(new BrowserNewPageOptions { BaseURL = bench.Host.PublicUrl });
        page.SetDefaultTimeout(60_000);
        List<string> complaints = [];
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                complaints.Add(message.Text);
            }
        };
        page.PageError += (_, error) => complaints.Add(error);
        await page.GotoAsync("/sign-in");
        await page.FillAsync("#email", "ada@example.com");
        await page.FillAsync("#password", PortalBrowser.Password);
        await page.ClickAsync("button:text-is('Sign in')");
        await page.WaitForURLAsync("**/overview", Arrived);

        await page.GotoAsync("/files/new");
        await page.SetInputFilesAsync("#file", new FilePayload
        {
            Name = "reviews.jsonl", MimeType = "application/jsonl", Buffer = Encoding.UTF8.GetBytes(Examples),
        });
        await page.ClickAsync("main button[type=submit]");
        await page.WaitForURLAsync("**/files/file-*", Arrived);
        await page.ClickAsync("text=Train a model");
        await page.FillAsync("#suffix", "reviews");
        await page.ClickAsync("main button[type=submit]");
        await page.WaitForURLAsync("**/fine-tuning/ftjob-*", Arrived);

        bench.Script.Events =
        [
            Metrics(2, """{"step":60,"steps":90,"epoch":2,"train_loss":0.4,"valid_loss":0.5,"accuracy":0.9,"macro_f1":0.9}"""),
            Metrics(1, """{"step":30,"steps":90,"epoch":1,"train_loss":0.8,"valid_loss":0.9,"accuracy":0.6,"macro_f1":0.5}"""),
        ];
        await page.WaitForSelectorAsync("#job-curves polyline.curve-2"); // Drawn without loading the page.
        bench.Script.Change(job => (job["status"], job["fine_tuned_model"]) = ("succeeded", "ft-lstm-reviews-1"));
        await page.WaitForSelectorAsync("#deploy-name"); // The page loads itself again: it has other buttons.
        await page.FillAsync("#deploy-name", "reviews");
        await page.ClickAsync("button:text-is('Deploy')");
        await page.WaitForURLAsync("**/fine-tuning/deployments/reviews", Arrived);

        bench.Host.Responder.Answers["/internal/calls/v1/classifications"] =
            """
            {"data":[{"label":"good","score":0.9,"scores":[{"label":"good","score":0.9}],"explanation":{"label":"good",
            "method":"linear","score":2.2,"baseline_score":0.1,"tokens":[{"text":"like","start":2,"end":6,"attribution":2.1}]}}],
            "usage":{"prompt_tokens":6,"total_tokens":6}}
            """;
        await page.FillAsync("#text", "I like it");
        await page.ClickAsync("button:text-is('Ask')");
        var marked = await page.TextContentAsync(".highlighted mark");

        Assert.Equal("like", marked);
        Assert.True(complaints.Count == 0, string.Join("\n", complaints));
    }

    private static JsonObject Metrics(int number, string data) => new()
    {
        ["id"] = $"ftevent-{number}", ["created_at"] = 1_800_000_000, ["level"] = "info", ["message"] = $"Epoch {number}",
        ["type"] = "metrics", ["data"] = JsonNode.Parse(data),
    };
}
