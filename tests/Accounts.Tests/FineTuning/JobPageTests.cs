using System.Net;
using System.Text.Json.Nodes;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Tests.Learning;
using Tollgate.Contracts.Learning;

namespace Tollgate.Accounts.Tests.FineTuning;

public sealed class JobPageTests : IAsyncLifetime
{
    private const string Examples = """
        {"text": "I like it", "label": "good"}
        {"text": "I hate it", "label": "bad"}

        """;

    private LearningBench _bench = null!;
    private PortalBrowser _ada = null!;
    private string _file = "";
    private string _key = "";

    public async Task InitializeAsync()
    {
        _bench = await LearningBench.StartAsync();
        _ada = await _bench.Host.SignUpAsync();
        _file = await LearningBench.AddFileAsync(_ada, Examples, "fine-tune");
        _key = PortalBrowser.PublicIdOf(await _ada.CreateKeyAsync("trainer"));
    }

    public async Task DisposeAsync()
    {
        _ada.Dispose();
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task A_form_becomes_an_order_for_the_chosen_key_and_sent_twice_one_job()
    {
        var hidden = await _ada.HiddenFieldsAsync("/fine-tuning/new", "new-job");
        (string, string)[] fields =
        [
            ("Input.Model", "lstm"), ("Input.TrainingFile", _file), ("Input.Key", _key), ("Input.Epochs", "3"), ("Input.Seed", "7"),
            ("Input.Suffix", "reviews"), ("Input.BudgetUsd", "1.5"), ("Input.ValidationPercent", "20"), ("Input.EarlyStopping", "yes"),
            ("Input.BalanceLabels", "true"),
        ];

        var made = await _ada.SendAsync("/fine-tuning/new", hidden, fields);
        var again = await _ada.SendAsync("/fine-tuning/new", hidden, fields);

        Assert.Equal(LearningBench.PathOf(made), LearningBench.PathOf(again));
        var sent = Assert.Single(_bench.Script.Requests, request => request.Call == "POST /v1/fine_tuning/jobs");
        Assert.Equal((_key, LearningHeaders.AllScopes), (sent.PublicId, sent.Scopes));
        Assert.NotEqual(LearningHeaders.NoKey, sent.Key);
        Assert.Equal(
            "{\"model\":\"lstm\",\"training_file\":\"" + _file + "\",\"hyperparameters\":{\"n_epochs\":3},\"seed\":7,"
                + "\"suffix\":\"reviews\",\"validation_share\":0.2,"
                + "\"early_stopping\":true,\"balance_labels\":true,\"budget\":{\"usd\":1.5}}",
            sent.Body);
    }

    [Fact]
    public async Task A_job_of_the_real_Learning_is_made_shown_and_cancelled()
    {
        _bench.Script.PassesAll = true;
        var refused = await _ada.SubmitAsync("/fine-tuning/new", "new-job", Fields(("Input.Epochs", "0")));
        var job = await MakeAsync(("Input.Suffix", "reviews"), ("Input.BudgetUsd", "1.5"));
        using var eve = await _bench.Host.SignUpAsync("eve@example.com");

        var list = await _ada.OpenAsync("/fine-tuning");
        var page = await _ada.OpenAsync(job);
        var hers = await eve.OpenAsync(job);
        var cancelled = await _ada.SubmitAndFollowAsync(job, "order", ("Verb", "cancel"));
        var evaluation = await _ada.OpenAsync($"{job}/evaluation");

        Assert.Contains("id=\"epochs-errors\" role=\"alert\"><p class=\"validation-message\">", Tight(refused), StringComparison.Ordinal);
        Assert.Contains(">reviews</a>", list.Html, StringComparison.Ordinal);
        Assert.Contains("validating files", page.Html, StringComparison.Ordinal);
        Assert.Contains("<dt>Budget</dt><dd>$1.5</dd>", Tight(page), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, hers.Status);
        Assert.Contains("cancelled", cancelled.Html, StringComparison.Ordinal);
        Assert.Contains("it has no evaluation", evaluation.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_number_and_what_Learning_refuses_stand_beside_their_fields()
    {
        var wrong = await _ada.SubmitAsync("/fine-tuning/new", "new-job", Fields(("Input.Epochs", "many"), ("Input.Seed", "1.5")));
        _bench.Script.Refusal = ScriptedLearning.Error("The suffix is too long.", "suffix");
        var refused = await _ada.SubmitAsync("/fine-tuning/new", "new-job", Fields(("Input.Suffix", "x")));

        Assert.All(
            (string[])["epochs", "seed"],
            field => Assert.Contains(
                $"id=\"{field}-errors\" role=\"alert\"><p class=\"validation-message\">A whole number", Tight(wrong),
                StringComparison.Ordinal));
        Assert.Contains(
            "id=\"suffix-errors\" role=\"alert\"><p class=\"validation-message\">The suffix is too long.", Tight(refused),
            StringComparison.Ordinal);
        Assert.Contains("value=\"x\"", refused.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Curves_are_drawn_from_events_and_no_label_or_message_is_markup()
    {
        var job = await MakeAsync();
        _bench.Script.Events =
        [
            Event("3", "Epoch 2", """{"step":60,"steps":90,"epoch":2,"train_loss":0.4,"valid_loss":0.5,"accuracy":0.9,"macro_f1":0.88}"""),
            Event("2", "Epoch 1", """{"step":30,"steps":90,"epoch":1,"train_loss":0.8,"valid_loss":0.9,"accuracy":0.6,"macro_f1":0.5}"""),
            Event("1", "<script>alert(1)</script>", null),
        ];

        var live = await _ada.OpenAsync($"{job}/live");
        var page = await _ada.OpenAsync(job);

        Assert.Contains("<polyline class=\"curve curve-1\"", live.Html, StringComparison.Ordinal);
        Assert.Contains("step 30 of 90", Tight(live), StringComparison.Ordinal);
        Assert.Contains("accuracy: 0.9", live.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", live.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("style=\"", page.Html, StringComparison.Ordinal);
        Assert.Contains($"data-refresh=\"{job}/live\"", page.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_is_paused_goes_on_and_is_cancelled()
    {
        var job = await MakeAsync();

        var paused = await _ada.SubmitAndFollowAsync(job, "order", ("Verb", "pause"));
        var resumed = await _ada.SubmitAndFollowAsync(job, "order", ("Verb", "resume"));
        await _ada.SubmitAsync(job, "order", ("Verb", "delete"));
        var cancelled = await _ada.SubmitAndFollowAsync(job, "order", ("Verb", "cancel"));

        Assert.Contains("Go on", paused.Html, StringComparison.Ordinal);
        Assert.Contains("queued", resumed.Html, StringComparison.Ordinal);
        Assert.Contains("cancelled", cancelled.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("data-refresh=", cancelled.Html, StringComparison.Ordinal);
        Assert.DoesNotContain(_bench.Script.Requests, request => request.Call.EndsWith("/delete", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_evaluation_shows_figures_and_pictures_and_its_texts_are_no_markup()
    {
        var job = await MakeAsync();
        _bench.Script.Evaluation = JsonNode.Parse(
            """
            {"rows":10,"metrics":{"accuracy":0.8,"macro":{"precision":0.8,"recall":0.8,"f1":0.79},
            "micro":{"precision":0.8,"recall":0.8,"f1":0.8},
            "labels":[{"label":"<b>good</b>","precision":0.8,"recall":0.8,"f1":0.8,"rows":5},
            {"label":"bad","precision":0.8,"recall":0.8,"f1":0.8,"rows":5}],
            "confusion":[[4,1],[1,4]]},"accuracy_interval":{"low":0.6,"high":0.95},"macro_f1_interval":{"low":0.5,"high":0.9},
            "roc_auc":0.91,"calibration":{"positive":"<i>","expected_error":0.1,"brier":0.2,
            "bins":[{"from":0,"to":0.1,"rows":5,"mean_score":0.05,"positive_share":0}]},
            "baselines":[{"name":"majority","accuracy":0.5,"macro_f1":0.33}],
            "mistakes":[{"line":3,"text":"<img src=x onerror=alert(1)>","label":"bad","predicted":"good","score":0.97,"label_score":0.03}],
            "leaks":{"exact":1,"similar":0,"leaks":[{"training_line":1,"validation_line":2,"is_exact":true}]},
            "label_noise":[{"code":"doubtful_label","message":"Line 3 is labelled '<u>bad</u>'.","lines":[3]}]}
            """)!.AsObject();

        var page = await _ada.OpenAsync($"{job}/evaluation");

        Assert.Contains("80.0 %", page.Html, StringComparison.Ordinal);
        Assert.Contains("60.0 % to 95.0 %", page.Html, StringComparison.Ordinal);
        Assert.Contains("<rect class=\"cell right\"", page.Html, StringComparison.Ordinal);
        Assert.Contains("always the most frequent label", page.Html, StringComparison.Ordinal);
        Assert.Contains("line 2 of the validation is line 1 of the examples", page.Html, StringComparison.Ordinal);
        Assert.All(
            (string[])["<b>", "<i>", "<img src=x", "<u>", "style=\""],
            markup => Assert.DoesNotContain(markup, page.Html, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Jobs_are_compared_side_by_side()
    {
        var one = await MakeAsync();
        var other = await MakeAsync(("Input.Suffix", "second"));

        var page = await _ada.OpenAsync($"/fine-tuning/compare?job={Id(one)}&job={Id(other)}");
        var alone = await _ada.OpenAsync($"/fine-tuning/compare?job={Id(one)}");
        var wrong = await _ada.OpenAsync("/fine-tuning/compare?job=..&job=x");

        Assert.Contains("2. second", page.Html, StringComparison.Ordinal);
        Assert.Contains("Validation loss by step", page.Html, StringComparison.Ordinal);
        Assert.Contains("Choose two", alone.Html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, wrong.Status);
    }

    [Fact]
    public async Task A_model_is_deployed_with_a_minimum_switched_back_and_its_name_deleted()
    {
        var job = await MakeAsync();
        _bench.Script.Change(one => (one["status"], one["fine_tuned_model"]) = ("succeeded", "ft-lstm-1"));
        var wrong = await _ada.SubmitAsync(job, "deploy", ("Deploy.Metric", "accuracy"), ("Deploy.Minimum", "lots"));
        _bench.Script.Refusal = ScriptedLearning.Error("Its accuracy of 0.8 is below the minimum.");
        var refused = await _ada.SubmitAsync(job, "deploy", ("Deploy.Metric", "accuracy"), ("Deploy.Minimum", "90"));
        var first = LearningBench.PathOf(await _ada.SubmitAsync(
            job, "deploy", ("Deploy.Name", "reviews"), ("Deploy.Metric", "macro_f1"), ("Deploy.Minimum", "80")));
        _bench.Script.Change(one => one["fine_tuned_model"] = "ft-lstm-2");
        var second = await _ada.SubmitAndFollowAsync(job, "deploy", ("Deploy.Name", "reviews"));

        var back = await _ada.SubmitAndFollowAsync(first, "rollback");
        var deleted = await _ada.SubmitAndFollowAsync(first, "delete");
        var gone = await _ada.OpenAsync(first);

        Assert.Contains("a number of per cent", wrong.Html, StringComparison.Ordinal);
        Assert.Contains("below the minimum", refused.Html, StringComparison.Ordinal);
        Assert.Contains("<code>ft-lstm-2</code>", second.Html, StringComparison.Ordinal);
        Assert.Contains("<dt>Model</dt><dd><code>ft-lstm-1</code>", Tight(back), StringComparison.Ordinal);
        Assert.Contains("Fine-tuning", deleted.Html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, gone.Status);
        Assert.Contains(
            _bench.Script.Requests,
            request => request.Body == """{"model":"ft-lstm-1","name":"reviews","minimum":{"metric":"macro_f1","value":0.8}}""");
    }

    [Fact]
    public async Task Another_projects_job_and_deployment_are_not_found_and_a_viewer_changes_nothing()
    {
        var job = await MakeAsync();
        _bench.Script.Change(one => (one["status"], one["fine_tuned_model"]) = ("succeeded", "ft-lstm-1"));
        var deployed = LearningBench.PathOf(await _ada.SubmitAsync(job, "deploy", ("Deploy.Name", "reviews")));
        using var eve = await _bench.Host.SignUpAsync("eve@example.com");
        var hidden = await _ada.HiddenFieldsAsync(deployed, "delete");

        foreach (var path in (string[])[job, $"{job}/evaluation", deployed, "/fine-tuning/deployments/..%2fjobs", "/fine-tuning/x"])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await eve.OpenAsync(path)).Status);
        }

        await _bench.SetRoleAsync(MemberRole.Reader);
        var page = await _ada.OpenAsync(deployed);
        await _ada.SendAsync(deployed, hidden);
        var form = await _ada.OpenAsync("/fine-tuning/new");

        Assert.DoesNotContain("Switch back", page.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("<textarea", page.Html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await _ada.OpenAsync(deployed)).Status);
        Assert.Contains("lets you look", form.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_trial_is_one_billed_request_of_the_chosen_key_and_its_words_are_highlighted()
    {
        var job = await MakeAsync();
        _bench.Script.Change(one => (one["status"], one["fine_tuned_model"]) = ("succeeded", "ft-lstm-1"));
        var deployed = LearningBench.PathOf(await _ada.SubmitAsync(job, "deploy", ("Deploy.Name", "reviews")));
        _bench.Host.Responder.Answers["/internal/calls/v1/classifications"] =
            """
            {"object":"list","data":[{"object":"classification","index":0,"label":"<b>good</b>","label_id":1,"score":0.9,
            "scores":[{"label":"<b>good</b>","label_id":1,"score":0.9},{"label":"bad","label_id":0,"score":0.1}],
            "explanation":{"label":"<b>good</b>","label_id":1,"method":"integrated_gradients","quantity":"probability","score":0.9,
            "baseline_score":0.5,"steps":17,"error":0.001,"tokens":[{"text":"","start":0,"end":0,"attribution":0},
            {"text":"<love>","start":2,"end":8,"attribution":0.4},{"text":"it","start":9,"end":11,"attribution":-0.2}]}}],
            "model":"ft-lstm-1","usage":{"prompt_tokens":42,"total_tokens":42}}
            """;
        var hidden = await _ada.HiddenFieldsAsync(deployed, "try");

        var shown = await _ada.SendAsync(deployed, hidden, ("Input.Text", "I <love> it"), ("Input.Key", _key), ("Input.Explain", "true"));
        await _ada.SendAsync(deployed, hidden, ("Input.Text", "I <love> it"), ("Input.Key", _key), ("Input.Explain", "true"));
        var refused = await _ada.SendAsync(deployed, hidden, ("Input.Text", "x"), ("Input.Key", "nothing"));

        var calls = _bench.Host.Responder.Requests.Where(request => request.PathAndQuery == "/internal/calls/v1/classifications").ToList();
        Assert.Equal(2, calls.Count);
        Assert.Equal([$"portal-{Guid.Parse(hidden["Input.RequestId"]):N}"], calls.Select(call => call.IdempotencyKey).Distinct());
        Assert.All(calls, call => Assert.Equal((_key, ""), (call.KeyPublicId, call.ServiceClass)));
        Assert.Equal(
            """{"model":"reviews","input":"I \u003Clove\u003E it","return_all_scores":true,"explain":true}""",
            System.Text.Encoding.UTF8.GetString(calls[0].Body));
        Assert.Contains("<mark class=\"for-4\">&lt;love&gt;</mark>", shown.Html, StringComparison.Ordinal);
        Assert.Contains("<mark class=\"against-2\">it</mark>", shown.Html, StringComparison.Ordinal);
        Assert.Contains("42 tokens billed", shown.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>good", shown.Html, StringComparison.Ordinal);
        Assert.Contains("may classify texts", refused.Html, StringComparison.Ordinal);
    }

    private async Task<string> MakeAsync(params (string, string)[] more)
    {
        return LearningBench.PathOf(await _ada.SubmitAsync("/fine-tuning/new", "new-job", Fields(more)));
    }

    private (string, string)[] Fields(params (string, string)[] more) =>
        [("Input.Model", "lstm"), ("Input.TrainingFile", _file), ("Input.Key", _key), .. more];

    private static string Id(string location) => location["/fine-tuning/".Length..];

    private static JsonObject Event(string id, string message, string? data) => new()
    {
        ["id"] = $"ftevent-{id}",
        ["created_at"] = 1_800_000_000,
        ["level"] = "info",
        ["message"] = message,
        ["type"] = data is null ? "message" : "metrics",
        ["data"] = data is null ? null : JsonNode.Parse(data),
    };

    /// <summary>The markup without white space between tags.</summary>
    private static string Tight(Page page) => System.Text.RegularExpressions.Regex.Replace(page.Html, @">\s+", ">");
}
