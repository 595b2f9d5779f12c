using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Tensors;

/// <summary>One input or output of a model.</summary>
/// <param name="Datatype">Name of a <see cref="TensorType"/>.</param>
/// <param name="Shape">Dimensions; −1 for one that a request chooses.</param>
/// <param name="Symbols">The model's name of each dimension, empty where it has none. Dimensions of one name are alike.</param>
public sealed record TensorSpec(string Name, string Datatype, IReadOnlyList<long> Shape, IReadOnlyList<string> Symbols)
{
    /// <summary>Whether a tensor may have these dimensions.</summary>
    public bool Takes(IReadOnlyList<long> shape)
    {
        for (var i = 0; i < Shape.Count && shape.Count == Shape.Count; i++)
        {
            if (Shape[i] != TensorSignature.Dynamic && Shape[i] != shape[i])
            {
                return false;
            }
        }

        return shape.Count == Shape.Count;
    }
}

/// <summary>What a model of any kind reads and gives, with which gateway and worker check a request and bound its units.</summary>
/// <param name="MostElements">
/// Most elements of all outputs together whose size the model does not state. A run that gives more fails.
/// </param>
public sealed record TensorSignature(IReadOnlyList<TensorSpec> Inputs, IReadOnlyList<TensorSpec> Outputs, long MostElements)
{
    /// <summary>A dimension that a request chooses.</summary>
    public const long Dynamic = -1;

    /// <summary>Most elements of one tensor.</summary>
    public const long LargestTensor = 1L << 28;

    /// <summary>Most dimensions of a tensor.</summary>
    public const int MostDimensions = 16;

    /// <summary>The outputs that a request gets, with the form of each, in the order of the answer.</summary>
    public IReadOnlyList<(TensorSpec Spec, bool Binary)> WantedBy(InferRequest request) => request.Outputs is null
        ? [.. Outputs.Select(output => (output, request.BinaryOutputs))]
        : [.. request.Outputs.Select(asked => (Outputs.First(output => output.Name == asked.Name), asked.Binary ?? request.BinaryOutputs))];

    /// <summary>What a request asks wrongly of this model; null for nothing.</summary>
    public OpenAiError? FindFault(InferRequest request)
    {
        for (var i = 0; i < request.Inputs.Count; i++)
        {
            if (FindFault(request.Inputs[i], $"inputs[{i}]") is { } fault)
            {
                return fault;
            }
        }

        if (Inputs.FirstOrDefault(input => request.Inputs.All(given => given.Name != input.Name)) is { } missing)
        {
            return OpenAiError.MissingTensor(missing.Name);
        }

        for (var i = 0; i < request.Outputs?.Count; i++)
        {
            if (Outputs.All(output => output.Name != request.Outputs[i].Name))
            {
                return OpenAiError.InvalidValue(
                    $"outputs[{i}].name", $"one of {Names(Outputs)}", $"'{OpenAiError.Shorten(request.Outputs[i].Name)}'");
            }
        }

        foreach (var (output, binary) in WantedBy(request))
        {
            if (!binary && !TensorType.Find(output.Datatype)!.HasJson)
            {
                return OpenAiError.OutputNeedsBinary(output.Name, $"is {output.Datatype}, which JSON has no form for");
            }

            if (ElementsOf(output, request) > LargestTensor)
            {
                return OpenAiError.InvalidValue(
                    "inputs", $"shapes with which the output '{OpenAiError.Shorten(output.Name)}' has at most {LargestTensor} elements");
            }
        }

        return null;
    }

    /// <summary>
    /// The most units of a request: one call, the elements of its inputs, and those of the outputs that it wants. The size of an output is
    /// known where each of its dimensions is fixed or has the name of an input's; the others have <see cref="MostElements"/> together.
    /// </summary>
    public Units MostUnits(InferRequest request)
    {
        var (elements, isOpen) = (request.InputElements, false);
        foreach (var (output, _) in WantedBy(request))
        {
            var known = ElementsOf(output, request);
            elements += Math.Min(known ?? 0, LargestTensor);
            isOpen |= known is null;
        }

        return new Units(0, Calls: 1, Elements: elements + (isOpen ? MostElements : 0));
    }

    /// <summary>Elements of an output as the inputs of a request decide them, at most one more than <see cref="LargestTensor"/>; null
    /// where they do not decide.</summary>
    public long? ElementsOf(TensorSpec output, InferRequest request)
    {
        var elements = 1L;
        for (var i = 0; i < output.Shape.Count; i++)
        {
            var dimension = output.Shape[i] == Dynamic ? Find(output.Symbols[i], request) : output.Shape[i];
            if (dimension is not { } length)
            {
                return null;
            }

            elements = Multiply(elements, length);
        }

        return elements;
    }

    /// <summary>A product of not negative numbers, at most one more than <see cref="LargestTensor"/>.</summary>
    public static long Multiply(long elements, long length) =>
        length != 0 && elements > LargestTensor / length ? LargestTensor + 1 : elements * length;

    /// <summary>The names as a message shows them.</summary>
    private static string Names(IReadOnlyList<TensorSpec> specs) =>
        $"'{OpenAiError.Shorten(string.Join("', '", specs.Take(20).Select(spec => spec.Name)))}'";

    private OpenAiError? FindFault(InferTensor given, string path)
    {
        if (Inputs.FirstOrDefault(input => input.Name == given.Name) is not { } spec)
        {
            return OpenAiError.InvalidValue($"{path}.name", $"one of {Names(Inputs)}", $"'{OpenAiError.Shorten(given.Name)}'");
        }

        if (spec.Datatype != given.Type.Name)
        {
            return OpenAiError.InvalidValue(
                $"{path}.datatype", $"{spec.Datatype} for the input '{OpenAiError.Shorten(spec.Name)}'", given.Type.Name);
        }

        return spec.Takes(given.Shape) ? null : OpenAiError.InvalidValue(
            $"{path}.shape", $"[{string.Join(",", spec.Shape)}] for the input '{OpenAiError.Shorten(spec.Name)}', -1 being any number",
            $"[{string.Join(",", given.Shape)}]");
    }

    /// <summary>The length of the dimensions of a name; null where no input has it, or two inputs disagree.</summary>
    private long? Find(string symbol, InferRequest request)
    {
        long? found = null;
        foreach (var input in Inputs)
        {
            var given = request.Inputs.First(tensor => tensor.Name == input.Name);
            for (var i = 0; i < input.Shape.Count && symbol.Length > 0; i++)
            {
                if (input.Symbols[i] != symbol)
                {
                    continue;
                }

                if (found is not null && found != given.Shape[i])
                {
                    return null;
                }

                found = given.Shape[i];
            }
        }

        return found;
    }
}
