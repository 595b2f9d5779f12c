using System.Buffers.Binary;
using Microsoft.ML.OnnxRuntime;
using Tollgate.Contracts.Tensors;

namespace Tollgate.Inference.Tasks.Tensors;

/// <summary>What a trial showed.</summary>
/// <param name="KeepsRows">Whether rows of several requests in one run had the outputs that they have alone, bit for bit.</param>
/// <param name="Notes">What the operator may want to know.</param>
internal sealed record TensorTrialResult(bool KeepsRows, IReadOnlyList<string> Notes);

/// <summary>Runs a model on made-up tensors. It may refuse them, so that a model that fails is installed all the same.</summary>
internal sealed class TensorTrial(TensorGraph graph)
{
    private const int MostRows = TensorEngine.MostRows;
    private const long MostBytes = 1L << 28;

    /// <summary>What free dimensions but the first are tried with, in this order.</summary>
    private static readonly int[] Lengths = [8, 1, 32, 224];

    /// <summary>Rows of the runs that are compared with those of single rows.</summary>
    private static readonly int[] Together = [2, 3, 5, 8, 17, MostRows];

    /// <summary>How long the runs may take together.</summary>
    private static readonly TimeSpan LongestTrial = TimeSpan.FromSeconds(30);

    private readonly string[] _outputs = [.. graph.Signature.Outputs.Select(output => output.Name)];

    public TensorTrialResult Run(CancellationToken cancellationToken)
    {
        using var options = TensorGraph.MakeOptions();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var stop = limit.Token.UnsafeRegister(static state => ((RunOptions)state!).Terminate = true, options);
        limit.CancelAfter(LongestTrial);
        var reason = "";
        foreach (var length in Lengths)
        {
            try
            {
                _ = graph.Run(MakeInputs(1, length), _outputs, MostBytes, options);
                return new TensorTrialResult(HasRows() && KeepsRows(length, options), []);
            }
            catch (Exception exception) when (exception is OnnxRuntimeException or InvalidOperationException or TensorTooLargeException)
            {
                cancellationToken.ThrowIfCancellationRequested();
                reason = exception.Message;
            }
        }

        return new TensorTrialResult(
            false, [$"It could not be tried on made-up tensors, so requests do not share runs: {reason.ReplaceLineEndings(" ")}"]);
    }

    /// <summary>Runs one row, and the most that requests share. A model may refuse made-up tensors.</summary>
    /// <param name="batching">Whether requests share runs.</param>
    /// <exception cref="OperationCanceledException">The time for it is over.</exception>
    public void WarmUp(bool batching, CancellationToken cancellationToken)
    {
        using var options = TensorGraph.MakeOptions();
        using var stop = cancellationToken.UnsafeRegister(static state => ((RunOptions)state!).Terminate = true, options);
        foreach (var rows in batching ? [1, MostRows] : new[] { 1 })
        {
            try
            {
                _ = graph.Run(MakeInputs(rows, Lengths[0]), _outputs, MostBytes, options);
            }
            catch (Exception exception) when (exception is OnnxRuntimeException or InvalidOperationException or TensorTooLargeException)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    /// <summary>Whether the first dimension of every tensor is free.</summary>
    private bool HasRows() =>
        graph.Signature.Inputs.Concat(graph.Signature.Outputs).All(spec => spec.Shape is [TensorSignature.Dynamic, ..]);

    private bool KeepsRows(int length, RunOptions options)
    {
        var all = MakeInputs(MostRows, length);
        if (all.Sum(input => input.Elements) > TensorEngine.MostElements)
        {
            return false;
        }

        try
        {
            var alone = Enumerable.Range(0, MostRows).Select(row => graph.Run(Rows(all, row, 1), _outputs, MostBytes, options)).ToArray();
            return Array.TrueForAll(Together, count =>
            {
                var first = (MostRows - count) / 2;
                var outputs = graph.Run(Rows(all, first, count), _outputs, MostBytes, options);
                return TensorRows.Split(outputs, [.. Enumerable.Repeat(1L, count)]) is { } parts
                    && parts.Zip(alone.Skip(first)).All(pair => AreEqual(pair.First, pair.Second));
            });
        }
        catch (Exception exception) when (exception is OnnxRuntimeException or InvalidOperationException or TensorTooLargeException)
        {
            return false;
        }
    }

    private static bool AreEqual(IReadOnlyList<TensorOutput> one, IReadOnlyList<TensorOutput> other) => one.Zip(other).All(
        pair => pair.First.Shape.SequenceEqual(pair.Second.Shape) && pair.First.Content.Span.SequenceEqual(pair.Second.Content.Span));

    private static InferTensor[] Rows(IReadOnlyList<InferTensor> inputs, int first, int count) =>
    [
        .. inputs.Select(input =>
        {
            TensorOutput whole = new(input.Name, input.Type, input.Shape, input.Content);
            var parts = TensorRows.Split([whole], [first, count, input.Shape[0] - first - count])!;
            return new InferTensor(input.Name, input.Type, parts[1][0].Shape, parts[1][0].Content);
        }),
    ];

    private InferTensor[] MakeInputs(int rows, int length) =>
        [.. graph.Signature.Inputs.Select((spec, at) => MakeInput(spec, rows, length, seed: at + 1))];

    private static InferTensor MakeInput(TensorSpec spec, int rows, int length, int seed)
    {
        long[] shape = [.. spec.Shape.Select((known, at) => known != TensorSignature.Dynamic ? known : at == 0 ? rows : length)];
        var type = TensorType.Find(spec.Datatype)!;
        var elements = shape.Aggregate(1L, TensorSignature.Multiply);
        if (elements * Math.Max(type.Bytes, sizeof(int)) > MostBytes)
        {
            throw new InvalidOperationException($"the input '{spec.Name}' would be too large.");
        }

        using var content = new MemoryStream();
        var random = new Random(seed);
        Span<byte> element = stackalloc byte[8];
        for (var i = 0L; i < elements; i++)
        {
            content.Write(element[..Write(element, type, random)]);
        }

        return new InferTensor(spec.Name, type, shape, content.ToArray());
    }

    /// <summary>Writes a number between −1 and 1, or of whole ones 0 or 1, which are indexes that most tables have.</summary>
    private static int Write(Span<byte> element, TensorType type, Random random)
    {
        var (real, whole) = ((random.NextDouble() * 2) - 1, random.Next(2));
        element.Clear();
        switch (type.Name)
        {
            case "FP16":
                BinaryPrimitives.WriteHalfLittleEndian(element, (Half)real);
                break;
            case "BF16":
                BinaryPrimitives.WriteUInt16LittleEndian(element, (ushort)(BitConverter.SingleToUInt32Bits((float)real) >> 16));
                break;
            case "FP32":
                BinaryPrimitives.WriteSingleLittleEndian(element, (float)real);
                break;
            case "FP64":
                BinaryPrimitives.WriteDoubleLittleEndian(element, real);
                break;
            case "BYTES":
                element[0] = 1; // The length of the text.
                element[sizeof(int)] = (byte)('a' + whole);
                return sizeof(int) + 1;
            default:
                element[0] = (byte)whole;
                break;
        }

        return type.Bytes;
    }
}
