using System.Text.RegularExpressions;
using Tollgate.Inference.Checkpoints;

namespace Tollgate.Inference.Exported;

/// <summary>Names of a model's parts in exported graphs: scopes of operators in torch's and in onnxruntime-genai's form, and names that
/// constants keep.</summary>
/// <param name="heads">Rows of queries, and rows of keys as of values, where one matrix holds the three.</param>
internal sealed partial class ExportedParts(CheckpointPlan plan, (int Queries, int Keys) heads)
{
    private const string Attention = "self_attn.";
    private const string Packed = Attention + "qkv_proj";
    private const string PackedGate = "mlp.gate_up_proj";

    /// <summary>The scope of an operator, such as <c>model.layers.0.self_attn.q_proj</c> of
    /// <c>/model/layers.0/self_attn/q_proj/MatMul</c>.</summary>
    public static string ScopeOf(string node)
    {
        var scope = node.TrimStart('/').Replace('/', '.');
        return scope.LastIndexOf('.') is > 0 and var end ? scope[..end] : "";
    }

    /// <summary>The scope that the name of a constant states, such as that of <c>model.layers.0.attn.q_proj.MatMul.weight_Q4G32</c>; empty
    /// where it states none.</summary>
    /// <param name="suffix"><c>.weight</c> or <c>.bias</c>.</param>
    public static string ScopeOf(string constant, string suffix)
    {
        var name = Additions().Replace(constant, "");
        return name.EndsWith(suffix, StringComparison.Ordinal)
            ? Kinds().Replace(name[..^suffix.Length], "") : "";
    }

    /// <summary>Where the rows of a constant belong; empty where the scope is no part of the model.</summary>
    /// <param name="rows">Rows of the whole constant.</param>
    public IReadOnlyList<PartPlace> Find(string scope, string suffix, int rows)
    {
        var name = Normalize(scope) + suffix;
        if (plan.Tensors.ContainsKey(LayerName.Split(name).Pattern))
        {
            return [Place(name, 0, rows)];
        }

        if (name == CheckpointFamily.Output.Source)
        {
            return [new PartPlace(CheckpointFamily.Output.Target, TensorChange.None, Piece: 0, FirstRow: 0, rows)];
        }

        var (prefix, part) = Cut(name, suffix);
        return part switch
        {
            Packed when Has($"{prefix}{Attention}q_proj{suffix}") && rows == heads.Queries + (2 * heads.Keys) =>
            [
                Place($"{prefix}{Attention}q_proj{suffix}", 0, heads.Queries),
                Place($"{prefix}{Attention}k_proj{suffix}", heads.Queries, heads.Keys),
                Place($"{prefix}{Attention}v_proj{suffix}", heads.Queries + heads.Keys, heads.Keys),
            ],
            Attention + "q_proj" or Attention + "k_proj" or Attention + "v_proj" when Has(prefix + Packed + ".weight") =>
            [
                new PartPlace(
                    LayerName.Fill($"blk.#.attn_{part[Attention.Length]}{suffix}", LayerName.Split(name).Layer), TensorChange.None,
                    Piece: 0, FirstRow: 0, rows),
            ],
            "mlp.gate_proj" or "mlp.up_proj" when Has(prefix + PackedGate + suffix) =>
                [Place(prefix + PackedGate + suffix, 0, rows) with
                {
                    Piece = part == "mlp.gate_proj" ? 0 : 1, IsHalf = true,
                }],
            _ => [],
        };
    }

    private PartPlace Place(string name, int firstRow, int rows)
    {
        var (pattern, layer) = LayerName.Split(name);
        var rule = plan.Tensors[pattern];
        // What the graph multiplies with has rows of outputs here, and its norms have their whole factors.
        var change = rule.Change is TensorChange.PairQueries or TensorChange.PairKeys ? rule.Change : TensorChange.None;
        return new PartPlace(LayerName.Fill(rule.Target, layer), change, Piece: 0, firstRow, rows);
    }

    private bool Has(string name) => plan.Tensors.ContainsKey(LayerName.Split(name).Pattern);

    private string Normalize(string scope)
    {
        var name = plan.Family.Prefix.Length > 0 && scope.StartsWith(plan.Family.Prefix, StringComparison.Ordinal)
            ? scope[plan.Family.Prefix.Length..] : scope;
        name = FinalNorm().Replace(name, "model.norm");
        return GenerativeScope().Replace(name, "${layer}self_attn.${part}");
    }

    private static (string Prefix, string Part) Cut(string name, string suffix)
    {
        var match = Layer().Match(name);
        return match.Success ? (match.Value, name[match.Length..^suffix.Length]) : ("", name);
    }

    [GeneratedRegex(@"(_merged_[0-9]+)?(_Q[0-9]+(G[0-9]+)?)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Additions();

    [GeneratedRegex(@"\.(MatMul|Add|layernorm)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Kinds();

    [GeneratedRegex(@"\Amodel\.layers\.[0-9]{1,9}\.final_norm_layernorm\z", RegexOptions.CultureInvariant)]
    private static partial Regex FinalNorm();

    [GeneratedRegex(@"\A(?<layer>model\.layers\.[0-9]{1,9}\.)attn\.(?<part>[a-z_]+)(\.layernorm)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex GenerativeScope();

    [GeneratedRegex(@"\Amodel\.layers\.[0-9]{1,9}\.", RegexOptions.CultureInvariant)]
    private static partial Regex Layer();
}

/// <summary>Rows of a constant and the tensor that they are of.</summary>
/// <param name="Target">The tensor's name in GGUF.</param>
/// <param name="Piece">0 where they are its first rows, 1 where they follow those of another constant.</param>
/// <param name="FirstRow">Of the constant.</param>
internal sealed record PartPlace(string Target, TensorChange Change, int Piece, int FirstRow, int Rows)
{
    /// <summary>Whether the tensor has another piece.</summary>
    public bool IsHalf { get; init; }
}
