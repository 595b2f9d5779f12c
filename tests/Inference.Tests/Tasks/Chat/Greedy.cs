using System.Numerics.Tensors;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Tasks.Chat;

namespace Tollgate.Inference.Tests.Tasks.Chat;

/// <summary>Greedy decoding of one sequence, the plainest loop there is.</summary>
internal static class Greedy
{
    /// <summary>Ids until an end token (not included) or the limit, and the logits behind the first of them.</summary>
    public static (List<int> Ids, float[] FirstLogits) Decode(DecoderModel model, IReadOnlyList<int> prompt, int most)
    {
        using var run = new DecoderRun(
            model.Session, model.Shape.Layers, model.Shape.KeyValueHeads, model.Shape.HeadWidth, prompt.Count + most);
        var first = run.Append(prompt.ToArray());
        var logits = first;
        var ids = new List<int>();
        while (ids.Count < most)
        {
            var best = TensorPrimitives.IndexOfMax<float>(logits);
            if (model.IsEnd(best))
            {
                break;
            }

            ids.Add(best);
            logits = run.Append([best]);
        }

        return (ids, first);
    }

    public static string Text(DecoderModel model, IEnumerable<int> ids) =>
        System.Text.Encoding.UTF8.GetString(ids.SelectMany(id => model.Tokenizer.TokenBytes(id).ToArray()).ToArray());
}
