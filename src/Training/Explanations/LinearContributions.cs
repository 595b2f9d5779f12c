using System.Text;
using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Tokenizers;
using Tollgate.Training.Methods;
using Tollgate.Training.Steps;

namespace Tollgate.Training.Explanations;

/// <summary>Divides the logit of a linear layer over the mean of token vectors exactly: the layer of the mean is the mean of the layer.
/// A token's vector depends on its context, so the part is that of the token where it stands. Not thread-safe.</summary>
public sealed class LinearContributions : IDisposable
{
    private readonly IFramedTokenizer _tokenizer;
    private readonly ModelGraph _graph;
    private readonly InferenceSession _session;
    private readonly RunOptions _options = new();
    private readonly string _vectors;

    private LinearContributions(ModelGraph graph, IFramedTokenizer tokenizer, int threads)
    {
        (_graph, _tokenizer) = (graph, tokenizer);
        _vectors = FindVectors(graph);
        graph.Outputs.Add(_vectors);
        _session = Sessions.Open(graph.ToModel(), threads);
    }

    /// <summary>Opens a folder that the methods <c>head</c> or <c>encoder</c> wrote.</summary>
    /// <exception cref="GradientException">The model is no linear layer over the mean of token vectors.</exception>
    public static LinearContributions Open(string folder, int threads = 1) => new(
        GraphReader.Read(Path.Combine(folder, "model.onnx")),
        TokenizerFile.ReadFramed(File.ReadAllBytes(Path.Combine(folder, "tokenizer.json"))), threads);

    /// <summary>Divides the logit of a label. The baseline is the layer's answer to vectors of their mean in training.</summary>
    /// <inheritdoc cref="IntegratedGradients.Explain"/>
    public TokenAttribution Explain(string text, int? label = null, int most = 256)
    {
        var ids = TokenInputs.Encode(_tokenizer, text, most);
        var values = TokenInputs.Of(_graph.Inputs, [ids], Math.Max(1, ids.Length))
            .ToDictionary(pair => pair.Key, pair => Sessions.Value(pair.Value), StringComparer.Ordinal);
        try
        {
            using var outputs = _session.Run(_options, values, [LinearHead.Logits, _vectors]);
            var logits = outputs[0].GetTensorDataAsSpan<float>();
            var chosen = label ?? logits.IndexOf(System.Numerics.Tensors.TensorPrimitives.Max(logits));
            var parts = Divide(outputs[1].GetTensorDataAsSpan<float>(), ids.Length, chosen);
            double baseline = Numbers(LinearHead.BiasesName)[chosen];
            return new TokenAttribution(
                chosen, logits[chosen], baseline,
                [.. ids.Select((id, i) => new AttributedToken(id, Encoding.UTF8.GetString(_tokenizer.TokenBytes(id)), parts[i]))],
                Math.Abs(parts.Sum() - (logits[chosen] - baseline)));
        }
        finally
        {
            foreach (var value in values.Values)
            {
                value.Dispose();
            }
        }
    }

    public void Dispose()
    {
        _session.Dispose();
        _options.Dispose();
    }

    private double[] Divide(ReadOnlySpan<float> vectors, int tokens, int label)
    {
        var mean = Numbers(LinearHead.MeanName);
        var scale = Numbers(LinearHead.ScaleName);
        var weights = Numbers(LinearHead.WeightsName).Slice(label * mean.Length, mean.Length);
        var parts = new double[tokens];
        for (var i = 0; i < tokens * mean.Length; i++)
        {
            var place = i % mean.Length;
            parts[i / mean.Length] += (double)weights[place] * scale[place] * (vectors[i] - mean[place]) / tokens;
        }

        return parts;
    }

    private ReadOnlySpan<float> Numbers(string name) => _graph.Initializers[name].Floats;

    /// <summary>Walks back from the layer: scale, mean, division by the count, sum, mask.</summary>
    private static string FindVectors(ModelGraph graph)
    {
        var tensor = LinearHead.Logits;
        foreach (var type in (string[])["Gemm", "Mul", "Sub", "Div", "ReduceSum", "Mul"])
        {
            tensor = graph.Nodes.Find(node => node.Operator == type && node.Outputs[0] == tensor)?.Inputs[0]
                ?? throw new GradientException("The model is no linear layer over the mean of token vectors.");
        }

        return tensor;
    }
}
