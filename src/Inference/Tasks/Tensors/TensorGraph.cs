using System.Buffers;
using System.Buffers.Binary;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Contracts.Tensors;

namespace Tollgate.Inference.Tasks.Tensors;

/// <summary>A tensor that a model gave.</summary>
/// <param name="Content">Its elements in binary form, as <see cref="InferTensor.Content"/>.</param>
internal sealed record TensorOutput(string Name, TensorType Type, IReadOnlyList<long> Shape, ReadOnlyMemory<byte> Content)
{
    /// <summary>The product of the dimensions.</summary>
    public long Elements => Shape.Aggregate(1L, TensorSignature.Multiply);
}

/// <summary>An output is larger than an answer holds.</summary>
internal sealed class TensorTooLargeException() : Exception("An output is larger than an answer holds.");

/// <summary>Runs of a graph over tensors of any type. Thread-safe.</summary>
internal sealed class TensorGraph(InferenceSession session, TensorSignature signature) : IDisposable
{
    /// <summary>Gives the memory of a run back at its end, so that what one run took is there for another.</summary>
    private const string ShrinkAtEnd = "memory.enable_memory_arena_shrinkage";

    public TensorSignature Signature => signature;

    /// <summary>The names of datatypes at ONNX Runtime; null for one that the protocol does not have.</summary>
    public static TensorType? TypeOf(TensorElementType type) => type switch
    {
        TensorElementType.Bool => TensorType.Bool,
        TensorElementType.UInt8 => TensorType.UInt8,
        TensorElementType.UInt16 => TensorType.UInt16,
        TensorElementType.UInt32 => TensorType.UInt32,
        TensorElementType.UInt64 => TensorType.UInt64,
        TensorElementType.Int8 => TensorType.Int8,
        TensorElementType.Int16 => TensorType.Int16,
        TensorElementType.Int32 => TensorType.Int32,
        TensorElementType.Int64 => TensorType.Int64,
        TensorElementType.Float16 => TensorType.Fp16,
        TensorElementType.BFloat16 => TensorType.Bf16,
        TensorElementType.Float => TensorType.Fp32,
        TensorElementType.Double => TensorType.Fp64,
        TensorElementType.String => TensorType.Text,
        _ => null,
    };

    /// <summary>Options of one run.</summary>
    public static RunOptions MakeOptions()
    {
        var options = new RunOptions();
        options.AddRunConfigEntry(ShrinkAtEnd, "cpu:0");
        return options;
    }

    /// <summary>Runs the graph.</summary>
    /// <param name="inputs">Every input of the graph once.</param>
    /// <param name="outputs">Names of the outputs that are wanted.</param>
    /// <param name="mostBytes">Most bytes of all outputs.</param>
    /// <exception cref="OnnxRuntimeException">The graph fails.</exception>
    /// <exception cref="TensorTooLargeException">It gives more.</exception>
    public IReadOnlyList<TensorOutput> Run(
        IReadOnlyList<InferTensor> inputs, IReadOnlyList<string> outputs, long mostBytes, RunOptions options)
    {
        var values = new List<OrtValue>(inputs.Count);
        try
        {
            foreach (var input in inputs)
            {
                values.Add(ToValue(input));
            }

            using var results = session.Run(options, [.. inputs.Select(input => input.Name)], values, outputs);
            var tensors = new List<TensorOutput>(outputs.Count);
            for (var i = 0; i < outputs.Count; i++)
            {
                var tensor = Read(outputs[i], results[i], mostBytes);
                mostBytes -= tensor.Content.Length;
                tensors.Add(tensor);
            }

            return tensors;
        }
        finally
        {
            values.ForEach(value => value.Dispose());
        }
    }

    public void Dispose() => session.Dispose();

    private static OrtValue ToValue(InferTensor tensor)
    {
        long[] shape = [.. tensor.Shape];
        var content = tensor.Content.Span;
        if (tensor.Type != TensorType.Text)
        {
            var value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, ElementOf(tensor.Type), shape);
            if (!content.IsEmpty)
            {
                content.CopyTo(value.GetTensorMutableRawData());
            }

            return value;
        }

        var texts = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, shape);
        for (var i = 0; !content.IsEmpty; i++)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(content);
            texts.StringTensorSetElementAt(content.Slice(sizeof(int), length), i);
            content = content[(sizeof(int) + length)..];
        }

        return texts;
    }

    private static TensorElementType ElementOf(TensorType type)
    {
        foreach (var element in Enum.GetValues<TensorElementType>())
        {
            if (TypeOf(element) == type)
            {
                return element;
            }
        }

        throw new ArgumentException("The datatype is none of ONNX Runtime's.", nameof(type));
    }

    private static TensorOutput Read(string name, OrtValue value, long mostBytes)
    {
        if (!value.IsTensor)
        {
            throw new InvalidOperationException($"The output '{name}' is no tensor.");
        }

        var info = value.GetTensorTypeAndShape();
        var type = TypeOf(info.ElementDataType)
            ?? throw new InvalidOperationException($"The output '{name}' has the type {info.ElementDataType}.");
        var elements = info.Shape.Aggregate(1L, TensorSignature.Multiply);
        if (elements > TensorSignature.LargestTensor || elements * (type == TensorType.Text ? sizeof(int) : type.Bytes) > mostBytes)
        {
            throw new TensorTooLargeException();
        }

        return new TensorOutput(
            name, type, info.Shape,
            type == TensorType.Text ? ReadTexts(value, (int)elements, mostBytes) : ReadNumbers(value, elements, mostBytes));
    }

    private static byte[] ReadNumbers(OrtValue value, long elements, long mostBytes)
    {
        if (elements == 0)
        {
            return [];
        }

        var bytes = value.GetTensorMutableRawData();
        return bytes.Length <= mostBytes ? bytes.ToArray() : throw new TensorTooLargeException();
    }

    private static ReadOnlyMemory<byte> ReadTexts(OrtValue value, int elements, long mostBytes)
    {
        var content = new ArrayBufferWriter<byte>();
        for (var i = 0; i < elements; i++)
        {
            var text = value.GetStringElementAsSpan(i);
            if (content.WrittenCount + sizeof(int) + (long)text.Length > mostBytes)
            {
                throw new TensorTooLargeException();
            }

            BinaryPrimitives.WriteInt32LittleEndian(content.GetSpan(sizeof(int)), text.Length);
            content.Advance(sizeof(int));
            content.Write(text);
        }

        return content.WrittenMemory;
    }
}
