using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Explanations;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Training.Tests.Explanations;

/// <summary>Explains a text by a folder that a training wrote, without a worker.</summary>
internal static class TrainedExplanation
{
    /// <returns>The explanation, and the text of each token, empty for those of the frame.</returns>
    public static (TextExplanation Found, string[] Tokens) Of(string folder, string text, int label, ExplanationMethod method = default)
    {
        var sessions = new SessionFactory(ExecutionProvider.Cpu);
        var graph = Path.Combine(folder, "model.onnx");
        var tokenizer = TokenizerFile.ReadFramed(File.ReadAllBytes(Path.Combine(folder, "tokenizer.json")));
        using ITextExplainer explainer = method == ExplanationMethod.Linear
            ? LinearContributions.Open(graph, "logits", sessions)
            : IntegratedGradients.Open(graph, "logits", independent: false, sessions);
        var ids = TokenInputs.Encode(tokenizer, text, most: 256);
        TextExplanation? found = null;
        foreach (var _ in explainer.Explain(
            new ExplainedText([ids], tokenizer.Frame.Prefix.Count, tokenizer.Frame.Suffix.Count, label, ExplanationRequest.DefaultSteps),
            made => found = made))
        {
            // Each element is a run.
        }

        return (found!, [.. ids.Select(id => System.Text.Encoding.UTF8.GetString(tokenizer.TokenBytes(id)))]);
    }
}
