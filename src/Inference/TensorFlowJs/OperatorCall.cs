using Tollgate.Inference.Models;

namespace Tollgate.Inference.TensorFlowJs;

/// <summary>A node whose inputs have been converted.</summary>
internal sealed record OperatorCall(GraphNode Node, IReadOnlyList<GraphValue> Inputs, LayoutGraph Graph)
{
    /// <summary>Largest size of a window, a stride or a list in an attribute.</summary>
    private const int MostSize = 1 << 20;

    public GraphValue this[int input] =>
        input < Inputs.Count ? Inputs[input] : throw Refuse($"has {Inputs.Count} inputs, and needs the one of number {input}");

    /// <summary>The dimensions of an input.</summary>
    public int Rank(int input) => this[input].Rank ?? throw Refuse("reads a value whose number of dimensions is not known");

    public string Plain(int input) => Graph.Plain(this[input]);

    /// <summary>The numbers of an input that must be a constant.</summary>
    public GraphTensor Constant(int input) =>
        this[input].Constant ?? throw Refuse($"has an input of number {input} that is computed, which is not supported");

    /// <summary>The whole numbers of an input that must be a constant: none to eight dimensions' worth, or the sizes of a list.</summary>
    public long[] Integers(int input) => Constant(input) is { Kind: TensorKind.Integer, Shape.Length: <= 2, Length: <= MostSize } numbers
        ? numbers.Integers : throw Refuse($"has an input of number {input} that is no list of whole numbers");

    public int Integer(int input) => Integers(input) is [> int.MinValue and < int.MaxValue and var number]
        ? (int)number : throw Refuse($"has an input of number {input} that is no whole number");

    /// <summary>A dimension counted from the front.</summary>
    /// <param name="axis">Negative from the back.</param>
    public int Axis(long axis, int rank)
    {
        var at = axis < 0 ? axis + rank : axis;
        return at >= 0 && at < rank ? (int)at : throw Refuse($"names the dimension {axis} of {rank}");
    }

    /// <summary>The height and width of an attribute with a number for each dimension of a picture.</summary>
    public long[] Window(string attribute)
    {
        CheckFormat();
        return Node.Integers(attribute) is [1, >= 1 and <= MostSize and var height, >= 1 and <= MostSize and var width, 1]
            ? [height, width] : throw Refuse($"has no '{attribute}' of the form 1, height, width, 1");
    }

    public ModelImportException Refuse(string why) => Node.Refuse(why);

    /// <summary>A value of four dimensions with its channels first.</summary>
    public static GraphValue[] First(string name, TensorKind kind = TensorKind.Float) => [new GraphValue(kind, 4) { ChannelsFirst = name }];

    /// <summary>A value with dimensions as in TensorFlow.</summary>
    public static GraphValue[] Value(string name, TensorKind kind, int? rank) => [new GraphValue(kind, rank) { Plain = name }];

    /// <summary>Whether all inputs can be read with channels first, and one of them is computed so.</summary>
    public static bool AreChannelsFirst(IEnumerable<GraphValue> inputs)
    {
        var values = inputs.ToArray();
        return Array.Exists(values, value => value.IsChannelsFirst) && Array.TrueForAll(values, value => value.Rank == 4);
    }

    private void CheckFormat()
    {
        if (Node.Text("data_format") is { } format && format != "NHWC")
        {
            throw Refuse($"has the data_format '{format}'; NHWC is supported");
        }
    }
}
