using System.Text.RegularExpressions;
using Tollgate.Inference.Checkpoints;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Exported;

/// <summary>The weights of an exported graph, presented as the GGUF file that its model would be converted to.</summary>
/// <remarks>A closed world: real numbers that the graph uses for something else than a part of the model are refused by name, and so is a
/// part that is missing, or there twice.</remarks>
internal sealed partial class ExportedWeights : IWeightFile
{
    private readonly ExportedGraph _graph;
    private readonly CheckpointPlan _plan;
    private readonly ExportedParts _parts;
    private readonly Dictionary<string, ExportedTensor> _placed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, GgufTensor> _tensors = new(StringComparer.Ordinal);
    private readonly HashSet<ExportedConstant> _used = new(ReferenceEqualityComparer.Instance);

    /// <exception cref="ModelImportException">The graph is not one of the model that the plan describes.</exception>
    public ExportedWeights(ExportedGraph graph, CheckpointPlan plan)
    {
        (_graph, _plan, Metadata) = (graph, plan, plan.Keys.ToMetadata());
        _parts = new ExportedParts(plan, ReadHeads(plan));
        foreach (var scope in graph.All)
        {
            foreach (var node in scope.Nodes)
            {
                Take(scope, node);
            }
        }

        RefuseOthers();
        RefuseMissing();
        DropTiedOutput();
        foreach (var (name, tensor) in _placed)
        {
            _tensors.Add(name, tensor.Describe());
        }

        foreach (var (name, numbers) in plan.Keys.Computed)
        {
            _tensors.Add(name, new GgufTensor(name, numbers.Length, Rows: 1, TensorEncoding.F32, Start: 0));
        }
    }

    public GgufMetadata Metadata { get; }

    public IReadOnlyDictionary<string, GgufTensor> Tensors => _tensors;

    /// <summary>Whether the graph computes in fewer bits than float32.</summary>
    public bool IsRounded => _placed.Values.Any(tensor => tensor.Matrices.Any(matrix => matrix.IsRounded));

    public float[] Read(GgufTensor tensor) =>
        _plan.Keys.Computed.GetValueOrDefault(tensor.Name) ?? _placed[tensor.Name].Read(Metadata);

    public byte[]? ReadEncoded(GgufTensor tensor, int firstRow, int rows) =>
        _placed.GetValueOrDefault(tensor.Name)?.ReadEncoded(Metadata, firstRow, rows);

    /// <summary>Rows of queries, and of keys as of values.</summary>
    private static (int Queries, int Keys) ReadHeads(CheckpointPlan plan)
    {
        var (metadata, prefix) = (plan.Keys.ToMetadata(), plan.Family.Architecture);
        var heads = metadata.Number($"{prefix}.attention.head_count", 1, 1 << 16);
        var width = metadata.Number(
            $"{prefix}.attention.key_length", 1, 1 << 16, metadata.Number($"{prefix}.embedding_length", 1, 1 << 24) / heads);
        return (heads * width, metadata.Number($"{prefix}.attention.head_count_kv", 1, 1 << 16, heads) * width);
    }

    private void Take(ExportedGraph scope, ModelNode node)
    {
        switch (node.Operator)
        {
            case "MatMul":
                Place(node, MatrixTracer.FindMatrix(scope, node.Input(1), turned: true), ".weight");
                break;
            case "Gemm":
                Place(node, MatrixTracer.FindMatrix(scope, node.Input(1), turned: node.Whole("transB", 0) == 0), ".weight");
                Place(node, MatrixTracer.FindVector(scope, node.Input(2)), ".bias");
                break;
            case "MatMulNBits":
                Place(node, MatrixTracer.FindProduct(scope, node), ".weight");
                break;
            case "Gather":
                Place(node, MatrixTracer.FindMatrix(scope, node.Input(0), turned: false), ".weight");
                break;
            case "GatherBlockQuantized":
                Place(node, MatrixTracer.FindTable(scope, node), ".weight");
                break;
            case "Add":
                Place(node, MatrixTracer.FindVector(scope, node.Input(0)) ?? MatrixTracer.FindVector(scope, node.Input(1)), ".bias");
                break;
            case "Mul":
                Place(node, MatrixTracer.FindVector(scope, node.Input(0)) ?? MatrixTracer.FindVector(scope, node.Input(1)), ".weight");
                break;
            case "LayerNormalization" or "SimplifiedLayerNormalization" or "RMSNormalization":
                Place(node, MatrixTracer.FindVector(scope, node.Input(1)), ".weight");
                Place(node, MatrixTracer.FindVector(scope, node.Input(2)), ".bias");
                break;
            case "SkipSimplifiedLayerNormalization":
                Place(node, MatrixTracer.FindVector(scope, node.Input(2)), ".weight");
                break;
            case "SkipLayerNormalization":
                Place(node, MatrixTracer.FindVector(scope, node.Input(2)), ".weight");
                Place(node, MatrixTracer.FindVector(scope, node.Input(3)), ".bias");
                break;
        }
    }

    /// <summary>Places a constant by the operator's scope, or by its own name.</summary>
    private void Place(ModelNode node, ExportedMatrix? matrix, string suffix)
    {
        if (matrix is null)
        {
            return;
        }

        var places = _parts.Find(ExportedParts.ScopeOf(node.Name), suffix, matrix.Rows);
        if (places.Count == 0)
        {
            places = _parts.Find(ExportedParts.ScopeOf(matrix.Name, suffix), suffix, matrix.Rows);
        }

        foreach (var place in places)
        {
            if (!_placed.TryGetValue(place.Target, out var tensor))
            {
                var isVector = suffix == ".bias" || matrix.Columns == 1;
                _placed[place.Target] = tensor = new ExportedTensor(place.Target, place.Change, isVector);
            }

            if (!tensor.Add(matrix, place))
            {
                throw new ModelImportException(
                    $"The constant '{ExportedGraphReader.Shorten(matrix.Name)}' of {ExportedOperators.Describe(node)} is a second one for "
                    + $"'{place.Target}'.");
            }
        }

        _used.UnionWith(places.Count > 0 ? matrix.Constants : []);
    }

    /// <summary>Refuses numbers that have another use than that of a part of the model, or of its rotation.</summary>
    private void RefuseOthers()
    {
        var users = _graph.All.SelectMany(part => part.Nodes).Where(node => !IsRotary(node))
            .SelectMany(node => node.Inputs, (node, input) => (node, input)).ToLookup(use => use.input, use => use.node);
        foreach (var (name, constant) in _graph.All.SelectMany(part => part.Constants))
        {
            if (!_used.Contains(constant) && constant.Count > 1 && (constant.Type.IsReal() || constant.Type.Bits() < 8)
                && !Rotary().IsMatch(name) && users[name].FirstOrDefault() is { } user)
            {
                throw new ModelImportException(
                    $"The constant '{ExportedGraphReader.Shorten(name)}' {constant.Size}, which {ExportedOperators.Describe(user)} uses, "
                    + $"is no part of a {_plan.Family.Classes[0]} with this configuration.");
            }
        }
    }

    private void RefuseMissing()
    {
        var layers = (int)Metadata.Get<long>($"{_plan.Family.Architecture}.block_count");
        foreach (var name in _placed.Keys)
        {
            if (BlockNumber().Match(name) is { Success: true } block && int.Parse(block.Groups["layer"].ValueSpan) >= layers)
            {
                throw new ModelImportException($"The graph has a part '{name}'; its configuration has {layers} layers.");
            }
        }

        foreach (var (source, rule) in _plan.Tensors)
        {
            var isProduct = source.EndsWith(".weight", StringComparison.Ordinal);
            for (var layer = 0; isProduct && layer < (source.Contains('#', StringComparison.Ordinal) ? layers : 1); layer++)
            {
                var target = LayerName.Fill(rule.Target, layer);
                var isThere = _placed.TryGetValue(target, out var tensor)
                    ? tensor.IsWhole
                    : rule.Target == "blk.#.attn_qkv.weight" && "qkv".All(one => _placed.ContainsKey($"blk.{layer}.attn_{one}.weight"));
                if (!isThere && rule != CheckpointFamily.Output)
                {
                    throw new ModelImportException($"The graph lacks '{LayerName.Fill(source, layer)}'.");
                }
            }
        }

        if (!_placed.ContainsKey(CheckpointFamily.Output.Target))
        {
            throw new ModelImportException("The graph lacks the matrix of its output, 'lm_head'.");
        }
    }

    /// <summary>Leaves out a matrix of the output that is the table of the input.</summary>
    private void DropTiedOutput()
    {
        var (output, table) = (_placed[CheckpointFamily.Output.Target], _placed[DecoderWeights.EmbeddingName]);
        var (one, other) = (output.Describe(), table.Describe());
        if (one.Columns != other.Columns || one.Rows != other.Rows || one.Encoding != other.Encoding)
        {
            return;
        }

        var (first, second) = (output.Matrices.First(), table.Matrices.First());
        if (first.Constants.SequenceEqual(second.Constants, ReferenceEqualityComparer.Instance)
            || (one.Encoding == TensorEncoding.F32 && output.Read(Metadata).AsSpan().SequenceEqual(table.Read(Metadata))))
        {
            _placed.Remove(CheckpointFamily.Output.Target);
        }
    }

    private static bool IsRotary(ModelNode node) =>
        node.Operator is "RotaryEmbedding" or "GroupQueryAttention" || Rotary().IsMatch(node.Name);

    /// <summary>Names of what turns queries and keys: its frequencies, and tables of cosines and sines.</summary>
    [GeneratedRegex(@"rotary_emb|rotemb|\A(cos|sin)_cache", RegexOptions.CultureInvariant)]
    private static partial Regex Rotary();

    [GeneratedRegex(@"\Ablk\.(?<layer>[0-9]{1,9})\.", RegexOptions.CultureInvariant)]
    private static partial Regex BlockNumber();
}
