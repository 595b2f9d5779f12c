using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Explanations;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Classification;

/// <summary>A loaded classifier of texts. Thread-safe.</summary>
internal sealed class Classifier(EncoderModel model, ModelClassification classification, ModelExplainers explainers) : IDisposable
{
    public InstalledModel Installed => model.Installed;

    public ModelClassification Classification => classification;

    public IFramedTokenizer Tokenizer => model.Tokenizer;

    /// <summary>Explain its scores.</summary>
    public ModelExplainers Explainers => explainers;

    /// <summary>Runs the requests.</summary>
    public EncoderEngine Engine => model.Engine;

    /// <summary>What the tokenizer adds to an input at most, text or ids.</summary>
    public PromptMeasure Measure => model.Measure(model.FrameLength);

    /// <inheritdoc cref="LoadedModel.WarmUpAsync"/>
    public Task WarmUpAsync(CancellationToken cancellationToken) => model.WarmUpAsync(cancellationToken);

    /// <summary>Verifies the version's files and loads it.</summary>
    /// <exception cref="ModelImportException">The version is damaged, or is not a classifier.</exception>
    public static async Task<Classifier> LoadAsync(InstalledModel installed, EncoderHost host, CancellationToken cancellationToken)
    {
        var classification = ModelClassification.Of(installed.Manifest) ?? throw new ModelImportException(
            $"The model '{installed.Manifest.Name}' {installed.Manifest.Version} is not a classifier.");
        return new Classifier(
            await EncoderModel.LoadAsync(installed, classification.Output, host, cancellationToken), classification,
            new ModelExplainers(
                installed.PathOf(installed.Manifest.Graph), classification.Output,
                classification.Activation == ModelClassification.Sigmoid, host.Sessions));
    }

    /// <summary>Cuts inputs into rows, in their order.</summary>
    /// <param name="param">Name of the member that holds the inputs, for the refusal.</param>
    public OrRefusal<ClassifierRows> Encode(IReadOnlyList<PromptInput> inputs, string param, TextTruncation truncation)
    {
        var (rows, owners) = (new List<EncoderRow>(), new List<int>());
        var (room, vocabulary) = (model.ContextLength - model.FrameLength, model.Tokenizer.VocabularySize);
        for (var index = 0; index < inputs.Count; index++)
        {
            var ids = model.Cut(inputs[index].Text, inputs[index].TokenIds);
            var at = inputs.Count == 1 ? param : $"{param}[{index}]";
            if (ids.Length > room && truncation == TextTruncation.Error)
            {
                return OpenAiError.ContextLengthExceeded(model.ContextLength, ids.Length + model.FrameLength, 0, at);
            }

            if (Array.Exists(ids, id => id < 0 || id >= vocabulary))
            {
                return OpenAiError.InvalidValue(at, $"ids of the model's vocabulary, 0 to {vocabulary - 1}");
            }

            var parts = Split(truncation == TextTruncation.Cut && ids.Length > room ? ids[..room] : ids);
            rows.AddRange(parts);
            owners.AddRange(parts.Select(_ => index));
        }

        return new ClassifierRows([.. rows], owners);
    }

    /// <summary>Cuts a text into rows as long as the model reads.</summary>
    public IReadOnlyList<EncoderRow> EncodeParts(string text) => Split(model.Cut(text, null));

    public void Dispose()
    {
        explainers.Dispose();
        model.Dispose();
    }

    private EncoderRow[] Split(int[] ids)
    {
        var room = model.ContextLength - model.FrameLength;
        return ids.Length <= room ? [model.Frame(ids)] : [.. ids.Chunk(room).Select(part => model.Frame(part))];
    }
}

/// <summary>What a classifier is to read.</summary>
/// <param name="Inputs">Which input each row is of, or a part of; the parts of one stand in its order.</param>
internal sealed record ClassifierRows(EncoderRow[] Rows, IReadOnlyList<int> Inputs);
