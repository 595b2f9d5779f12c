using Tollgate.Contracts.Metering;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Models;
using Tollgate.Inference.Prompts;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>GGUF of a decoder, or what is presented as such → a graph, a tokenizer and a template.</summary>
internal sealed class GgufImport(
    DecoderSource source, ModelDraft draft, ModelImportOptions options, IProgress<ModelImportProgress>? progress)
{
    private const string TokenizerName = "tokenizer.json";
    private const string TemplateName = "chat_template.jinja";

    /// <summary>Ids of the prompt that the graph and the source are compared on.</summary>
    private const int ComparedTokens = 8;

    /// <summary>The same where the source is run itself: where tokens are far apart, rotations differ more.</summary>
    private const int VerifiedTokens = 32;

    public async Task<InstalledModel> RunAsync(CancellationToken cancellationToken)
    {
        var metadata = source.Weights.Metadata;
        var weights = new DecoderWeights(source.Weights);
        var vocabulary = source.Tokenizer ?? GgufVocabulary.ReadTokenizer(metadata, weights.Shape.Vocabulary);
        if (vocabulary.Tokenizer.VocabularySize > weights.Shape.Vocabulary)
        {
            throw new ModelImportException(
                $"The tokenizer has {vocabulary.Tokenizer.VocabularySize} tokens, the model {weights.Shape.Vocabulary}.");
        }

        var (tokenizer, manifestTokenizer) = (vocabulary.Tokenizer, DescribeTokenizer(metadata, vocabulary));
        await File.WriteAllBytesAsync(Path.Combine(draft.Folder, TokenizerName), vocabulary.File, cancellationToken);
        var template = metadata.Text("tokenizer.chat_template");
        if (template is not null)
        {
            await File.WriteAllTextAsync(Path.Combine(draft.Folder, TemplateName), template, cancellationToken);
        }

        var chat = template is null ? null : ReadChat(template, tokenizer, manifestTokenizer);

        var verified = Verify(weights, cancellationToken);
        progress?.Report(new("trying the kernels", 0));
        weights.Shape = KernelTrial.Fit(
            weights.Shape with { HalfKeyValues = options.KeyValues == KeyValueTypes.Float16 }, options.Sessions);
        var precision = PrecisionChoice.Make(options.Precision, weights, options.Sessions, options.Clock);
        DecoderGraph.Write(weights, precision.Precision, draft.Folder, fraction =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            progress?.Report(new("converting layers", fraction));
        });
        progress?.Report(new("comparing with the source", 0));
        var shape = new ModelDecoder(
            weights.Shape.Layers.Count, weights.Shape.KeyValueHeads, weights.Shape.KernelWidth, weights.Shape.Vocabulary,
            options.KeyValues, weights.Shape.Heads);
        using var session = options.Sessions.OpenDecoder(Path.Combine(draft.Folder, "model.onnx"), shape.MostThreads);
        DecoderRun Run(int capacity) =>
            new(session, weights.Shape.Layers.Count, weights.Shape.KeyValueHeads, weights.Shape.KernelWidth, capacity);
        if (precision.KeepsNumbers && !weights.Shape.HalfKeyValues)
        {
            Compare(weights, Run);
        }

        var parity = ParityCheck.Run(weights, ParityText.Read(tokenizer, weights.Shape.Vocabulary, weights.Shape.Context), Run);
        ParityCheck.Check(parity, options.ParityBound);
        progress?.Report(new("asking questions", 0));
        var (completions, notes) = Ask(new QuestionProbe(Run, tokenizer, manifestTokenizer, chat, weights.Shape.Context));
        if (precision.Note is { } why)
        {
            notes.Add(why);
        }

        if (weights.Shape.HalfKeyValues)
        {
            var numbers = 2L * weights.Shape.Layers.Count * weights.Shape.KeyValueHeads * weights.Shape.KernelWidth;
            notes.Add($"Keys and values are held in half precision: {numbers * 2} bytes a token instead of {numbers * 4}.");
        }

        progress?.Report(new("installing", 0));
        notes.InsertRange(0, verified is null ? source.Notes : [.. source.Notes, verified]);
        var origin = await source.DescribeAsync(cancellationToken);
        return await draft.InstallAsync((version, files) => shape.WriteTo(Describe(version, files, origin, metadata)) with
        {
            Tokenizer = manifestTokenizer,
            Template = template is null ? null : TemplateName,
            Limits = new ModelLimits(
                weights.Shape.Context, options.DefaultMaxOutput ?? Math.Min(1024, weights.Shape.Context / 2)),
            Completions = completions,
            Notes = notes.Count == 0 ? null : notes,
            Precision = precision.Name,
            Parity = parity,
        }, cancellationToken);
    }

    private ModelManifest Describe(string version, IReadOnlyList<ModelFile> files, ModelSource origin, GgufMetadata metadata) => new()
    {
        Name = draft.Name,
        Version = version,
        Task = ModelTask.Chat.Name,
        Description = options.Description ?? metadata.Text("general.description") ?? metadata.Text("general.name"),
        Licence = options.Licence ?? metadata.Text("general.license"),
        Source = origin,
        Created = options.Clock.GetUtcNow(),
        Files = files,
        Graph = "model.onnx",
        Limits = new ModelLimits(0, 0),
    };

    private static ModelTokenizer DescribeTokenizer(GgufMetadata metadata, GgufTokenizer vocabulary)
    {
        var bos = GgufVocabulary.ReadId(metadata, "bos_token_id", vocabulary);
        var eos = GgufVocabulary.ReadId(metadata, "eos_token_id", vocabulary);
        return new ModelTokenizer
        {
            Kind = vocabulary.Kind,
            File = TokenizerName,
            BosId = bos,
            BosText = bos is { } first ? vocabulary.Tokens[first] : "",
            EosText = eos is { } last ? vocabulary.Tokens[last] : "",
            AddBos = vocabulary.AddsStart,
            EosIds = GgufVocabulary.ReadEnds(metadata, vocabulary),
        };
    }

    /// <summary>A chat template that every message of an ordinary chat gets through, and whose output a gateway can bound.</summary>
    private ChatPrompt ReadChat(string template, ITokenizer tokenizer, ModelTokenizer marks)
    {
        var chat = ChatPrompt.Create(template, tokenizer, marks, options.Clock);
        ChatCheck.Run(chat);
        ChatMeasurement.Measure(chat, options.Clock);
        return chat;
    }

    /// <summary>How texts on <c>/v1/completions</c> reach the model, and what the operator should know of its answers.</summary>
    private (string Completions, List<string> Notes) Ask(QuestionProbe probe)
    {
        var notes = new List<string>();
        var (ended, asked) = probe.AskRaw();
        var inChat = probe.AskChat();
        if (options.Completions is not (null or ModelCompletions.Raw or ModelCompletions.Chat))
        {
            throw new ModelImportException($"Completions can be 'raw' or 'chat', not '{options.Completions}'.");
        }

        if (options.Completions == ModelCompletions.Chat && inChat is null)
        {
            throw new ModelImportException("The model has no chat template, so its completions can only be raw.");
        }

        var completions = options.Completions
            ?? (ended > 0 && inChat?.Ended < ended ? ModelCompletions.Chat : ModelCompletions.Raw);
        if (ended > 0 && completions == ModelCompletions.Raw)
        {
            notes.Add($"Of {asked} plain questions as raw prompts it ends {ended} at once: their answers on /v1/completions are empty.");
        }
        else if (ended > 0 && options.Completions is null)
        {
            notes.Add($"Of {asked} plain questions as raw prompts it ends {ended} at once, so a text on /v1/completions is sent to it as "
                + "the user's message of a chat. Import it with --completions raw to have texts continued as they are.");
        }

        if (inChat is { Ended: > 0 } chats)
        {
            notes.Add($"Of {chats.Asked} plain questions in a chat it ends {chats.Ended} at once: their answers are empty.");
        }

        return (completions, notes);
    }

    /// <summary>What the source says of its own weights; null where it says nothing.</summary>
    private string? Verify(DecoderWeights weights, CancellationToken cancellationToken)
    {
        if (source.Verify is null)
        {
            return null;
        }

        progress?.Report(new("running the source", 0));
        return source.Verify(weights, MakePrompt(weights, ParityCheck.CountTokens(weights, VerifiedTokens)), cancellationToken);
    }

    /// <summary>Ids spread over the vocabulary, never the same twice; beyond the windows that are short.</summary>
    /// <param name="count">Of ids, or how many go beyond the windows.</param>
    private static int[] MakePrompt(DecoderWeights weights, int count)
    {
        var windows = weights.Shape.Layers.Select(layer => layer.Window ?? 0).Where(window => window < 2 * ComparedTokens);
        var longest = windows.DefaultIfEmpty(0).Max() + count;
        return ParityText.Spread(Math.Min(longest, weights.Shape.Context - 1), weights.Shape.Vocabulary);
    }

    /// <summary>Runs the graph on a short prompt, in one piece but for the last token, and
    /// compares the logits with a plain forward pass.</summary>
    private void Compare(DecoderWeights weights, DecoderRunFactory runs)
    {
        var prompt = MakePrompt(weights, ComparedTokens);
        var count = prompt.Length;
        var expected = DecoderReference.Logits(weights, prompt);
        using var run = runs(count);
        run.Append(prompt.AsSpan(0, count - 1));
        var actual = run.Append(prompt.AsSpan(count - 1));
        for (var id = 0; id < expected.Length; id++)
        {
            var difference = MathF.Abs(expected[id] - actual[id]);
            if (!(difference <= options.Tolerance))
            {
                throw new ModelImportException(
                    $"The converted model differs from its source: logit {id} is {actual[id]}, the source gives {expected[id]}. "
                    + "It was not installed.");
            }
        }
    }
}
