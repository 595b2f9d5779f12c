using Tollgate.Contracts.Workers;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks.Classification;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Rerank;

/// <summary>A loaded model with one logit for two texts that it reads as one sequence. Thread-safe.</summary>
/// <param name="frame">What joins the two texts.</param>
internal sealed class CrossEncoder(EncoderModel model, PairFrame frame) : IDisposable
{
    public InstalledModel Installed => model.Installed;

    public PairFrame Frame => frame;

    /// <summary>Runs the requests.</summary>
    public EncoderEngine Engine => model.Engine;

    /// <summary>Longest pair, tokens, the frame included.</summary>
    public int ContextLength => model.ContextLength;

    /// <summary>What the tokenizer adds to a pair.</summary>
    public PromptMeasure Measure => model.Measure(frame.Length) with
    {
        PairTokens = frame.Length + (2 * model.Tokenizer.MostExtraTokens),
    };

    /// <inheritdoc cref="LoadedModel.WarmUpAsync"/>
    public Task WarmUpAsync(CancellationToken cancellationToken) => model.WarmUpAsync(cancellationToken);

    /// <summary>Verifies the version's files and loads it.</summary>
    /// <exception cref="ModelImportException">The version is damaged, or is not a cross-encoder.</exception>
    public static async Task<CrossEncoder> LoadAsync(InstalledModel installed, EncoderHost host, CancellationToken cancellationToken)
    {
        var model = await EncoderModel.LoadAsync(installed, SequenceImport.Output, host, cancellationToken);
        if (model.Tokenizer.Frame.Pair is { } frame)
        {
            return new CrossEncoder(model, frame);
        }

        model.Dispose();
        throw new ModelImportException($"The tokenizer of '{installed.Manifest.Name}' has no form for two texts.");
    }

    /// <summary>Cuts a text into ids, without a frame.</summary>
    public int[] Encode(string text) => model.Tokenizer.Cut(text);

    public void Dispose() => model.Dispose();
}
