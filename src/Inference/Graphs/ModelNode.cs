namespace Tollgate.Inference.Graphs;

/// <summary>One operator of a <see cref="ModelGraph"/>.</summary>
/// <param name="Operator">Name of the operator, such as <c>MatMul</c>.</param>
/// <param name="Domain">Empty for ONNX's own operators.</param>
/// <param name="Inputs">Names of tensors; an empty name stands for an optional input that is left out.</param>
/// <param name="Outputs">Names of tensors; an empty name stands for an optional output that nobody reads.</param>
internal sealed record ModelNode(string Operator, string Domain, string[] Inputs, string[] Outputs)
{
    /// <summary>Name that the exporter gave; empty for nodes of ours.</summary>
    public string Name { get; init; } = "";

    /// <summary>Values by name: <c>float</c>, <c>long</c>, <c>string</c>, arrays of them, an
    /// <see cref="Inference.Onnx.OnnxTensor"/> or a <see cref="ModelGraph"/>.</summary>
    public Dictionary<string, object> Attributes { get; init; } = new(StringComparer.Ordinal);

    /// <summary>What the backward pass of a <c>Scan</c> reads, for a recurrence that the engine made; otherwise null.</summary>
    public LstmRecurrence? Recurrence { get; init; }

    /// <summary>Names of the tensors that it depends on.</summary>
    public IEnumerable<string> Reads => Recurrence is null ? Inputs : [.. Inputs, Recurrence.Weights];

    /// <summary>The node in words of a refusal: operator, and its name or first output.</summary>
    public string Description => $"{Operator} '{(Name.Length > 0 ? Name : Outputs[0])}'";

    /// <summary>The input's name; empty where it is left out.</summary>
    public string Input(int index) => index < Inputs.Length ? Inputs[index] : "";

    /// <summary>The output's name; empty where it is left out.</summary>
    public string Output(int index) => index < Outputs.Length ? Outputs[index] : "";

    public long Whole(string attribute, long otherwise) => Attributes.GetValueOrDefault(attribute) is long value ? value : otherwise;

    public float Real(string attribute, float otherwise) => Attributes.GetValueOrDefault(attribute) is float value ? value : otherwise;

    public string Text(string attribute, string otherwise) => Attributes.GetValueOrDefault(attribute) as string ?? otherwise;

    public long[]? Wholes(string attribute) => Attributes.GetValueOrDefault(attribute) as long[];
}

/// <summary>Tensors of one direction of an LSTM that runs as a <c>Scan</c>. Times go from first to last, whatever the direction.</summary>
/// <param name="Weights">Weights on the last state, <c>[4·hidden, hidden]</c>; gates in ONNX's order: input, output, forget, cell.</param>
/// <param name="Inputs">What the inputs add to the gates, <c>[time, batch, 4·hidden]</c>.</param>
/// <param name="FirstState">State before the first step that runs, <c>[batch, hidden]</c>; <paramref name="FirstCell"/> likewise.</param>
/// <param name="States">States after each step, <c>[time, batch, hidden]</c>.</param>
/// <param name="Gates">Input, output and forget gates after the sigmoid, <c>[time, batch, 3·hidden]</c>.</param>
/// <param name="Candidates">The cell gate after the hyperbolic tangent, <c>[time, batch, hidden]</c>.</param>
/// <param name="Cells">Cells after each step, <c>[time, batch, hidden]</c>; <paramref name="CellTanhs"/> their hyperbolic tangents.</param>
/// <param name="IsReverse">Whether the last time runs first.</param>
internal sealed record LstmRecurrence(
    string Weights, string Inputs, string FirstState, string FirstCell, string States, string Gates, string Candidates, string Cells,
    string CellTanhs, bool IsReverse);
