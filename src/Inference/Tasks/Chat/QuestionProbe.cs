using System.Numerics.Tensors;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Models;
using Tollgate.Inference.Prompts;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>
/// Asks a converted model plain questions, as raw prompts and in a chat, and looks whether it ends at once: a chat model often does where
/// a raw prompt is not what it was trained on, and a client then gets an empty text.
/// </summary>
internal sealed class QuestionProbe(DecoderRunFactory runs, ITokenizer tokenizer, ModelTokenizer marks, ChatPrompt? chat, int context)
{
    private static readonly string[] Questions =
    [
        "Hello!", "What is machine learning?", "Tell me about the benefits of using AI models as a service.",
        "What is the capital of France?", "How do I bake bread?", "Explain what an API key is.",
        "Write a short poem about the sea.", "Name three colours.",
    ];

    /// <summary>Questions, out of how many, whose likeliest first token ends the answer.</summary>
    public (int Ended, int Asked) AskRaw() => Ask(question =>
    {
        var ids = new List<int>();
        if (marks is { AddBos: true, BosId: { } bos })
        {
            ids.Add(bos);
        }

        tokenizer.Encode(question, allowSpecial: false, ids);
        return ids;
    });

    /// <summary>The same for a chat of one message; null for a model without a chat template.</summary>
    public (int Ended, int Asked)? AskChat() => chat is null ? null : Ask(question => chat.Encode([new("user", question)]));

    private (int Ended, int Asked) Ask(Func<string, List<int>> encode)
    {
        int[][] prompts =
            [.. Questions.Select(question => encode(question).ToArray()).Where(ids => ids.Length > 0 && ids.Length < context)];
        return (prompts.Count(EndsAtOnce), prompts.Length);
    }

    private bool EndsAtOnce(int[] ids)
    {
        using var run = runs(ids.Length);
        var logits = run.Append(ids);
        return marks.EosIds.Contains(TensorPrimitives.IndexOfMax<float>(logits));
    }
}

/// <summary>Opens an empty sequence on the converted model.</summary>
internal delegate DecoderRun DecoderRunFactory(int capacity);
