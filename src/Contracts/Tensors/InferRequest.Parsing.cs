using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Tensors;

public sealed partial record InferRequest
{
    /// <summary>Most inputs, and most outputs, of a request.</summary>
    private const int MostTensors = 256;

    private const int LongestName = 256;

    /// <summary>All members that a client may send, refused ones too.</summary>
    internal static MemberNames Members { get; } = new("id", "parameters", "inputs", "outputs");

    /// <summary>Members of a tensor of the request.</summary>
    internal static MemberNames InputMembers { get; } = new("name", "shape", "datatype", "parameters", "data");

    /// <summary>Members of an output of the request.</summary>
    internal static MemberNames OutputMembers { get; } = new("name", "parameters");

    /// <summary>Members of <c>parameters</c>: of the request, of an input and of an output. The first one is its own, the others are
    /// hints, or refused.</summary>
    internal static MemberNames ParameterMembers { get; } =
        new("binary_data_output", "content_type", "priority", "timeout", "sequence_id", "sequence_start", "sequence_end");

    internal static MemberNames InputParameterMembers { get; } =
        new("binary_data_size", "content_type", "shared_memory_region", "shared_memory_byte_size", "shared_memory_offset");

    internal static MemberNames OutputParameterMembers { get; } = new(
        "binary_data", "content_type", "classification", "shared_memory_region", "shared_memory_byte_size", "shared_memory_offset");

    /// <summary>Parses and checks a client's body. Never throws; sets exactly one of <paramref name="request"/> and
    /// <paramref name="error"/>.</summary>
    /// <param name="headerLength">Length of the JSON; null where the body is JSON alone.</param>
    /// <param name="model">As the URL names it.</param>
    /// <param name="version">As the URL names it; null where it names none.</param>
    public static bool TryParse(
        ReadOnlyMemory<byte> body, int? headerLength, string model, string? version, [NotNullWhen(true)] out InferRequest? request,
        [NotNullWhen(false)] out OpenAiError? error)
    {
        if (headerLength > body.Length)
        {
            (request, error) = (null, OpenAiError.InvalidHeader(TensorBodies.HeaderLength, $"the body has {body.Length} bytes"));
            return false;
        }

        if (model.Length is 0 or > SharedMembers.LongestModel)
        {
            (request, error) = (null, OpenAiError.InvalidValue("model", "the name of a model"));
            return false;
        }

        var json = headerLength is { } length ? body[..length] : body;
        return RequestParser.TryParse(json.Span, new Body(body, json.Length, model, version), out request, out error);
    }

    /// <summary>Parses what <see cref="Rewrite"/> made. The bytes of tensors begin where the JSON ends.</summary>
    /// <inheritdoc cref="TryParse(ReadOnlyMemory{byte}, int?, string, string?, out InferRequest?, out OpenAiError?)"/>
    public static bool TryParse(
        ReadOnlyMemory<byte> body, [NotNullWhen(true)] out InferRequest? request, [NotNullWhen(false)] out OpenAiError? error) =>
        RequestParser.TryParse(body.Span, new Body(body, null, null, null), out request, out error, takesTail: true);

    /// <summary>Reads the value of a parameter.</summary>
    private delegate bool ParameterReader<T>(ref RequestReader reader, out T value);

    private struct Body(ReadOnlyMemory<byte> body, int? tailStart, string? model, string? version) : IBodyOf<InferRequest>
    {
        private readonly bool _isClients = model is not null;
        private readonly List<Input> _inputs = [];
        private List<InferOutput>? _outputs;
        private string? _id;
        private bool _binaryOutputs;

        public static MemberNames Names { get; } = new([.. Members.All, "model", "model_version"]);

        public int ObjectStart { get; set; }

        public readonly void SkipNull(string name, ByteRange range)
        {
            // A null member counts as absent, and none is rewritten.
        }

        public bool Read(ref RequestReader reader, string name)
        {
            switch (name)
            {
                case "id":
                    return reader.ReadString(out _id) && (_id.Length <= LongestName || reader.FailValue("at most 256 characters"));
                case "parameters":
                    return ReadParameters(ref reader);
                case "inputs":
                    return ReadInputs(ref reader);
                case "outputs":
                    return ReadOutputs(ref reader);
                default:
                    return ReadModel(ref reader, name);
            }
        }

        public readonly InferRequest? Finish(ref RequestReader reader)
        {
            if (_inputs.Count == 0 || model is null)
            {
                reader.FailMissing(_inputs.Count == 0 ? "inputs" : "model");
                return null;
            }

            // A client may have white space behind the object.
            var end = tailStart is { } start ? body.Span[..start].TrimEnd(" \t\r\n"u8).Length : reader.Position;
            var tail = body[(tailStart ?? end)..];
            var inputs = new List<InferTensor>(_inputs.Count);
            foreach (var (tensor, size, param) in _inputs)
            {
                if (size is null)
                {
                    inputs.Add(tensor);
                    continue;
                }

                if (size > tail.Length || !TensorData.IsSound(tail.Span[..(int)size], tensor.Type, tensor.Elements))
                {
                    reader.Fail(OpenAiError.InvalidValue(
                        $"{param}.parameters.binary_data_size",
                        size > tail.Length ? "no more bytes than follow the JSON"
                        : $"the bytes of {tensor.Elements} elements of {tensor.Type.Name}",
                        $"{size} of {tail.Length} bytes"));
                    return null;
                }

                inputs.Add(tensor with { Content = tail[..(int)size] });
                tail = tail[(int)size..];
            }

            if (!tail.IsEmpty)
            {
                reader.Fail(OpenAiError.InvalidHeader(
                    TensorBodies.HeaderLength, $"{tail.Length} bytes at the end of the body belong to no input's binary_data_size"));
                return null;
            }

            return new InferRequest
            {
                Model = model,
                Version = version,
                Id = _id,
                Inputs = inputs,
                Outputs = _outputs,
                BinaryOutputs = _binaryOutputs,
                Size = default,
                Edits = new BodyEdits(default, default, ObjectStart),
                Gap = new ByteRange(end, (tailStart ?? end) - end),
            };
        }

        /// <summary>The gateway's own members: a client names its model in the URL.</summary>
        private bool ReadModel(ref RequestReader reader, string name)
        {
            if (_isClients)
            {
                return reader.Fail(OpenAiError.UnknownParameter(name));
            }

            if (!reader.ReadString(out var value))
            {
                return false;
            }

            (model, version) = name == "model" ? (value, version) : (model, value);
            return true;
        }

        private bool ReadParameters(ref RequestReader reader)
        {
            var read = ReadParameters<bool>(ref reader, ParameterMembers, ReadFlag, out var binary);
            _binaryOutputs = binary ?? false;
            return read;
        }

        /// <summary>Reads the members of <c>parameters</c>, of which one is passed to <paramref name="own"/>. Those that change no answer
        /// are checked and ignored, those that would are refused.</summary>
        private static bool ReadParameters<T>(ref RequestReader reader, MemberNames names, ParameterReader<T> own, out T? value)
            where T : struct
        {
            value = null;
            var seen = UInt128.Zero;
            if (!reader.EnterObject())
            {
                return false;
            }

            while (reader.NextMember(names, ref seen, out var name))
            {
                if (reader.IsNull)
                {
                    continue;
                }

                if (name != names[0])
                {
                    if (!ReadHint(ref reader, name))
                    {
                        return false;
                    }

                    continue;
                }

                if (!own(ref reader, out var read))
                {
                    return false;
                }

                value = read;
            }

            return reader.Error is null;
        }

        private static bool ReadHint(ref RequestReader reader, string name) => name switch
        {
            "content_type" => reader.ReadString(out _),
            "priority" or "timeout" => reader.ReadInteger(0, long.MaxValue, out _),
            "classification" => reader.FailUnsupported("is not supported: the labels of a model of tensors are not known"),
            "sequence_id" or "sequence_start" or "sequence_end" =>
                reader.FailUnsupported("is not supported: no model keeps a state between requests"),
            _ => reader.FailUnsupported("is not supported: client and server share no memory"),
        };

        private static bool ReadFlag(ref RequestReader reader, out bool value) => reader.ReadBoolean(out value);

        private static bool ReadSize(ref RequestReader reader, out long value) => reader.ReadInteger(0, int.MaxValue, out value);

        private readonly bool ReadInputs(ref RequestReader reader)
        {
            if (!reader.EnterArray())
            {
                return false;
            }

            while (reader.NextElement())
            {
                if (_inputs.Count == MostTensors)
                {
                    return reader.FailValue($"at most {MostTensors} inputs");
                }

                if (!ReadInput(ref reader))
                {
                    return false;
                }
            }

            return reader.Error is null && (_inputs.Count > 0 || reader.FailValue("at least one input"));
        }

        private readonly bool ReadInput(ref RequestReader reader)
        {
            var seen = UInt128.Zero;
            string? name = null, datatype = null;
            List<long>? shape = null;
            ByteRange data = default;
            long? size = null;
            var path = reader.PathText();
            if (!reader.EnterObject())
            {
                return false;
            }

            while (reader.NextMember(InputMembers, ref seen, out var member))
            {
                if (reader.IsNull)
                {
                    continue;
                }

                var read = member switch
                {
                    "name" => ReadName(ref reader, out name),
                    "datatype" => reader.ReadString(out datatype!),
                    "shape" => ReadShape(ref reader, out shape),
                    "parameters" => ReadParameters<long>(ref reader, InputParameterMembers, ReadSize, out size),
                    _ => ReadData(ref reader, out data),
                };
                if (!read)
                {
                    return false;
                }
            }

            if (reader.Error is not null)
            {
                return false;
            }

            if ((name is null ? "name" : shape is null ? "shape" : datatype is null ? "datatype"
                : data.Length == 0 && size is null ? "data" : null) is { } missing)
            {
                return reader.Fail(OpenAiError.MissingParameter($"{path}.{missing}"));
            }

            return AddInput(ref reader, path, name!, shape!, datatype!, data, size);
        }

        private readonly bool AddInput(
            ref RequestReader reader, string path, string name, List<long> shape, string datatype, ByteRange data, long? size)
        {
            if (TensorType.Find(datatype) is not { } type)
            {
                return reader.Fail(OpenAiError.InvalidValue(
                    $"{path}.datatype", $"one of {string.Join(", ", TensorType.All.Select(known => known.Name))}",
                    $"'{OpenAiError.Shorten(datatype)}'"));
            }

            if (_inputs.Exists(other => other.Tensor.Name == name))
            {
                return reader.Fail(OpenAiError.InvalidValue(
                    $"{path}.name", "a name that no other input has", $"'{OpenAiError.Shorten(name)}'"));
            }

            var tensor = new InferTensor(name, type, shape, default);
            if (tensor.Elements > TensorSignature.LargestTensor)
            {
                return reader.Fail(OpenAiError.InvalidValue($"{path}.shape", $"at most {TensorSignature.LargestTensor} elements"));
            }

            if (data.Length == 0)
            {
                _inputs.Add(new Input(tensor, size, path));
                return true;
            }

            if (size is not null || !type.HasJson)
            {
                return reader.Fail(OpenAiError.UnsupportedParameter(
                    $"{path}.data", size is not null
                    ? "stands beside binary_data_size; send one of the two"
                    : $"has no form for {type.Name}; send the tensor in binary form, with binary_data_size"));
            }

            if (!TensorData.Parse(body.Span.Slice(data.Start, data.Length), type, shape, tensor.Elements, $"{path}.data")
                .TryGet(out var content, out var fault))
            {
                return reader.Fail(fault);
            }

            _inputs.Add(new Input(tensor with { Content = content.WrittenMemory }, null, path));
            return true;
        }

        private static bool ReadName(ref RequestReader reader, out string? name)
        {
            var read = reader.ReadString(out var value);
            name = value;
            return read && (value.Length is > 0 and <= LongestName || reader.FailValue("a name of 1 to 256 characters"));
        }

        private static bool ReadShape(ref RequestReader reader, out List<long>? shape)
        {
            shape = [];
            if (!reader.EnterArray())
            {
                return false;
            }

            while (reader.NextElement())
            {
                if (shape.Count == TensorSignature.MostDimensions)
                {
                    return reader.FailValue($"at most {TensorSignature.MostDimensions} dimensions");
                }

                if (!reader.ReadInteger(0, int.MaxValue, out var length))
                {
                    return false;
                }

                shape.Add(length);
            }

            return reader.Error is null;
        }

        /// <summary>Notes where the data stands; it is read when datatype and shape are known.</summary>
        private static bool ReadData(ref RequestReader reader, out ByteRange data)
        {
            data = default;
            if (reader.Kind != JsonTokenType.StartArray)
            {
                return reader.FailType("an array");
            }

            var start = reader.Range.Start;
            var read = reader.Skip();
            data = new ByteRange(start, reader.Position - start);
            return read;
        }

        private bool ReadOutputs(ref RequestReader reader)
        {
            _outputs = [];
            if (!reader.EnterArray())
            {
                return false;
            }

            while (reader.NextElement())
            {
                if (_outputs.Count == MostTensors)
                {
                    return reader.FailValue($"at most {MostTensors} outputs");
                }

                if (!ReadOutput(ref reader))
                {
                    return false;
                }
            }

            // An empty list is that of a client that sends the member always: all outputs.
            _outputs = _outputs.Count == 0 ? null : _outputs;
            return reader.Error is null;
        }

        private readonly bool ReadOutput(ref RequestReader reader)
        {
            var seen = UInt128.Zero;
            string? name = null;
            bool? binary = null;
            var path = reader.PathText();
            if (!reader.EnterObject())
            {
                return false;
            }

            while (reader.NextMember(OutputMembers, ref seen, out var member))
            {
                if (!reader.IsNull && !(member == "name" ? ReadName(ref reader, out name)
                    : ReadParameters<bool>(ref reader, OutputParameterMembers, ReadFlag, out binary)))
                {
                    return false;
                }
            }

            if (reader.Error is not null)
            {
                return false;
            }

            if (name is null)
            {
                return reader.Fail(OpenAiError.MissingParameter($"{path}.name"));
            }

            if (_outputs!.Exists(other => other.Name == name))
            {
                return reader.Fail(OpenAiError.InvalidValue(
                    $"{path}.name", "a name that no other output has", $"'{OpenAiError.Shorten(name)}'"));
            }

            _outputs.Add(new InferOutput(name, binary));
            return true;
        }

        /// <summary>An input, and the bytes that it has behind the JSON; null where its data stands in it.</summary>
        private readonly record struct Input(InferTensor Tensor, long? Size, string Param);
    }
}
