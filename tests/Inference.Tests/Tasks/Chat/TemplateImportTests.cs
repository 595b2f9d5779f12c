using System.Text;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tasks.Chat;
using Tollgate.Inference.Tests.Gguf;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Tasks.Chat;

/// <summary>What an import finds out about how prompts reach a model.</summary>
public sealed class TemplateImportTests
{
    private const string Template = "tokenizer.chat_template";
    private const string AddBos = "tokenizer.ggml.add_bos_token";

    /// <summary>A control token of tiny-assistant.</summary>
    private const int StartId = 1;

    [Theory]
    [InlineData("{% for m in messages %}{% if m['role'] == 'user' %}{{ m['content'] }}{% endif %}{% endfor %}", "drops message")]
    [InlineData("{% for m in messages %}{% if m['content'] %}{{ m['content'].no.such }}{% endif %}{% endfor %}", "fails")]
    [InlineData("{% for m in messages %}{% for n in messages %}{{ m['content'] }}{% endfor %}{% endfor %}", "no reservation")]
    [InlineData("{{ raise_exception('Never.') }}", "refuses every chat")]
    public async Task RunAsync_refuses_a_template_that_cannot_serve_and_installs_nothing(string template, string reason)
    {
        using var folder = new TemporaryFolder();
        var file = await GgufEdit.WriteAsync(folder, (Template, template));

        var refusal = await Assert.ThrowsAsync<ModelImportException>(() => ImportAsync(folder, file, new()));

        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
        Assert.Empty(new ModelStore(folder.File("models")).List());
    }

    [Fact]
    public async Task A_model_without_a_template_that_begins_with_BOS_stays_within_its_bound()
    {
        using var folder = new TemporaryFolder();
        var installed = await ImportAsync(folder, await GgufEdit.WriteAsync(folder, (Template, null), (AddBos, true)), new());
        using var model = await LoadAsync(installed);

        foreach (var prompt in (string[])["", "a", "\U0001F680", "The cat"])
        {
            Assert.True(CompletionRequest.TryParse(
                Encoding.UTF8.GetBytes($$"""{"model":"m","prompt":"{{prompt}}"}"""), out var request, out _));
            Assert.InRange(model.EncodePrompt(prompt).Count, 1, model.Measure.MostTokens(request));
        }

        Assert.False(model.CanChat);
        Assert.Equal(ModelCompletions.Raw, installed.Manifest.Completions);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_template_that_writes_the_start_token_begins_a_chat_with_one_whatever_the_file_says_of_texts(bool? stated)
    {
        using var folder = new TemporaryFolder();
        var file = await GgufEdit.WriteAsync(
            folder, (Template, "{{ bos_token }}{% for m in messages %}{{ m['content'] }}{% endfor %}"), (AddBos, stated),
            ("tokenizer.ggml.bos_token_id", StartId));
        using var model = await LoadAsync(await ImportAsync(folder, file, new()));

        var chat = model.EncodeChat([new("user", "Hello")]);

        Assert.Equal([StartId, .. Encode(model, "Hello")], chat);
        Assert.Equal(stated == true ? chat : Encode(model, "Hello"), model.EncodePrompt("Hello"));
    }

    [Fact]
    public async Task A_chat_of_which_a_template_writes_nothing_begins_a_document()
    {
        using var folder = new TemporaryFolder();
        var file = await GgufEdit.WriteAsync(folder, (Template, "{% for m in messages %}{{ m['content'] }}{% endfor %}"));
        using var model = await LoadAsync(await ImportAsync(folder, file, new()));

        Assert.Single(model.EncodeChat([new("user", "")]));
    }

    [Fact]
    public async Task RunAsync_sends_texts_of_completions_to_the_chat_of_a_model_that_ends_raw_questions_at_once()
    {
        using var folder = new TemporaryFolder();
        // tiny-assistant begins its answer to a raw question with a line end, token 201: here that is the end of the answer.
        var file = await GgufEdit.WriteAsync(folder, ("tokenizer.ggml.eot_token_id", 201));

        var found = await ImportAsync(folder, file, new());
        var told = await ImportAsync(folder, file, new() { Completions = ModelCompletions.Raw });

        Assert.Equal(ModelCompletions.Chat, found.Manifest.Completions);
        Assert.Contains("is sent to it as the user's message of a chat", found.Manifest.Notes![0], StringComparison.Ordinal);
        Assert.Equal(ModelCompletions.Raw, told.Manifest.Completions);
        Assert.Contains("their answers on /v1/completions are empty", told.Manifest.Notes![0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_has_nothing_to_tell_of_a_model_that_answers_and_refuses_a_chat_without_a_template()
    {
        using var folder = new TemporaryFolder();

        var plain = await ImportAsync(folder, await GgufEdit.WriteAsync(folder), new());
        var templateless = await GgufEdit.WriteAsync(folder, (Template, null));

        Assert.Null(plain.Manifest.Notes);
        Assert.Equal(ModelCompletions.Raw, plain.Manifest.Completions);
        await Assert.ThrowsAsync<ModelImportException>(
            () => ImportAsync(folder, templateless, new() { Completions = ModelCompletions.Chat }));
    }

    [Fact]
    public async Task LoadAsync_measures_a_model_whatever_its_manifest_says()
    {
        using var folder = new TemporaryFolder();
        var installed = await ImportAsync(folder, await GgufEdit.WriteAsync(folder), new());
        var manifest = Path.Combine(installed.Folder, ModelManifest.FileName);
        // As earlier versions of the platform wrote it.
        var old = (await File.ReadAllTextAsync(manifest)).Replace(
            "\"limits\": {", "\"limits\": { \"template_tokens\": 0, \"template_tokens_per_message\": 1,", StringComparison.Ordinal);
        await File.WriteAllTextAsync(manifest, old);

        using var model = await LoadAsync(new ModelStore(folder.File("models")).Find("m")!);

        Assert.InRange(model.Measure.Chat!.TokensPerMessage, 13, 18);
    }

    private static List<int> Encode(DecoderModel model, string text)
    {
        var ids = new List<int>();
        model.Tokenizer.Encode(text, allowSpecial: false, ids);
        return ids;
    }

    private static Task<InstalledModel> ImportAsync(TemporaryFolder folder, string file, ModelImportOptions options) =>
        ModelImport.RunAsync(file, "m", folder.File("models"), options, progress: null, CancellationToken.None);

    private static Task<DecoderModel> LoadAsync(InstalledModel installed) =>
        DecoderModel.LoadAsync(installed, new SessionFactory(ExecutionProvider.Cpu), TimeProvider.System, CancellationToken.None);
}
