using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>Body of <c>POST /v2/models/{model}/infer</c>, or its JSON part. A member with the value null counts as absent.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record InferRequestBody(
    [property: JsonPropertyName("inputs"), MinLength(1), MaxLength(256), Description("The model's inputs, each once.")]
    IReadOnlyList<InferInputBody> Inputs)
{
    [JsonPropertyName("id"), MaxLength(256), Description("Your own name of the request, which the answer repeats.")]
    public string? Id { get; init; }

    [JsonPropertyName("parameters")]
    public InferParametersBody? Parameters { get; init; }

    [JsonPropertyName("outputs"), MaxLength(256), Description("The outputs that are wanted, each once. Default, and for no one: all.")]
    public IReadOnlyList<InferOutputBody>? Outputs { get; init; }
}

/// <summary>A tensor of a request.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record InferInputBody(
    [property: JsonPropertyName("name"), MinLength(1), MaxLength(256)] string Name,
    [property: JsonPropertyName("shape"), MaxLength(16), Description("Dimensions, none negative.")] IReadOnlyList<int> Shape,
    [property: JsonPropertyName("datatype"), OneOfTexts(
        "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "BF16", "FP32", "FP64", "BYTES")]
    string Datatype)
{
    [JsonPropertyName("parameters")]
    public InferInputParametersBody? Parameters { get; init; }

    [JsonPropertyName("data"), Description("The elements, row-major: a flat list, or lists in lists of the lengths of the shape. "
        + "Booleans, numbers, or for BYTES strings. Missing for a tensor in binary form.")]
    public IReadOnlyList<object>? Data { get; init; }
}

/// <summary>Parameters of a request.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record InferParametersBody
{
    [JsonPropertyName("binary_data_output"), Description("Whether outputs come in binary form. Default false.")]
    public bool? BinaryDataOutput { get; init; }

    [JsonPropertyName("content_type"), Description("Accepted and ignored.")]
    public string? ContentType { get; init; }

    [JsonPropertyName("priority"), Range(0, long.MaxValue), Description("Accepted and ignored.")]
    public long? Priority { get; init; }

    [JsonPropertyName("timeout"), Range(0, long.MaxValue), Description("Accepted and ignored.")]
    public long? Timeout { get; init; }

    [JsonPropertyName("sequence_id"), OneOf, Description("Not supported: no model keeps a state between requests.")]
    public object? SequenceId { get; init; }

    [JsonPropertyName("sequence_start"), OneOf, Description("Not supported.")]
    public object? SequenceStart { get; init; }

    [JsonPropertyName("sequence_end"), OneOf, Description("Not supported.")]
    public object? SequenceEnd { get; init; }
}

/// <summary>Parameters of a tensor of a request.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record InferInputParametersBody
{
    [JsonPropertyName("binary_data_size"), Range(0, int.MaxValue), Description("Bytes that the tensor has behind the JSON.")]
    public int? BinaryDataSize { get; init; }

    [JsonPropertyName("content_type"), Description("Accepted and ignored.")]
    public string? ContentType { get; init; }

    [JsonPropertyName("shared_memory_region"), OneOf, Description("Not supported: client and server share no memory.")]
    public object? SharedMemoryRegion { get; init; }

    [JsonPropertyName("shared_memory_byte_size"), OneOf, Description("Not supported.")]
    public object? SharedMemoryByteSize { get; init; }

    [JsonPropertyName("shared_memory_offset"), OneOf, Description("Not supported.")]
    public object? SharedMemoryOffset { get; init; }
}

/// <summary>An output that is wanted.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record InferOutputBody([property: JsonPropertyName("name"), MinLength(1), MaxLength(256)] string Name)
{
    [JsonPropertyName("parameters")]
    public InferOutputParametersBody? Parameters { get; init; }
}

/// <summary>Parameters of an output that is wanted.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record InferOutputParametersBody
{
    [JsonPropertyName("binary_data"), Description("Whether this output comes in binary form. Default: as binary_data_output states.")]
    public bool? BinaryData { get; init; }

    [JsonPropertyName("content_type"), Description("Accepted and ignored.")]
    public string? ContentType { get; init; }

    [JsonPropertyName("classification"), OneOf, Description("Not supported: the labels of a model of tensors are not known.")]
    public object? Classification { get; init; }

    [JsonPropertyName("shared_memory_region"), OneOf, Description("Not supported: client and server share no memory.")]
    public object? SharedMemoryRegion { get; init; }

    [JsonPropertyName("shared_memory_byte_size"), OneOf, Description("Not supported.")]
    public object? SharedMemoryByteSize { get; init; }

    [JsonPropertyName("shared_memory_offset"), OneOf, Description("Not supported.")]
    public object? SharedMemoryOffset { get; init; }
}

/// <summary>Answer of <c>POST /v2/models/{model}/infer</c>, or its JSON part.</summary>
public sealed record InferBody(
    [property: JsonPropertyName("model_name"), Description("The model's real name.")] string ModelName,
    [property: JsonPropertyName("model_version")] string ModelVersion,
    [property: JsonPropertyName("outputs")] IReadOnlyList<InferTensorBody> Outputs)
{
    [JsonPropertyName("id"), Description("That of the request; missing where it had none.")]
    public string? Id { get; init; }
}

/// <summary>A tensor of an answer.</summary>
public sealed record InferTensorBody(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("datatype")] string Datatype,
    [property: JsonPropertyName("shape")] IReadOnlyList<int> Shape)
{
    [JsonPropertyName("parameters"), Description("binary_data_size of a tensor in binary form: its bytes behind the JSON.")]
    public InferTensorSizeBody? Parameters { get; init; }

    [JsonPropertyName("data"), Description("The elements, row-major, flat; missing for a tensor in binary form.")]
    public IReadOnlyList<object>? Data { get; init; }
}

/// <summary>Where a tensor of an answer stands.</summary>
public sealed record InferTensorSizeBody([property: JsonPropertyName("binary_data_size")] int BinaryDataSize);

/// <summary>Answer of <c>GET /v2</c>.</summary>
public sealed record InferServerBody(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("version")] string Version,
    [property: JsonPropertyName("extensions")] IReadOnlyList<string> Extensions);

/// <summary>Answer of <c>GET /v2/health/live</c>.</summary>
public sealed record LiveBody([property: JsonPropertyName("live")] bool Live);

/// <summary>Answer of <c>GET /v2/health/ready</c>.</summary>
public sealed record ReadyBody([property: JsonPropertyName("ready")] bool Ready);

/// <summary>Answer of <c>GET /v2/models/{model}/ready</c>.</summary>
public sealed record ModelReadyBody(
    [property: JsonPropertyName("name"), Description("The model's real name.")] string Name,
    [property: JsonPropertyName("ready")] bool Ready);

/// <summary>Answer of <c>GET /v2/models/{model}</c>.</summary>
public sealed record InferModelBody(
    [property: JsonPropertyName("name"), Description("The model's real name.")] string Name,
    [property: JsonPropertyName("versions"), Description("The version in service.")] IReadOnlyList<string> Versions,
    [property: JsonPropertyName("platform")] string Platform,
    [property: JsonPropertyName("inputs")] IReadOnlyList<InferSpecBody> Inputs,
    [property: JsonPropertyName("outputs")] IReadOnlyList<InferSpecBody> Outputs);

/// <summary>An input or output of a model.</summary>
public sealed record InferSpecBody(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("datatype")] string Datatype,
    [property: JsonPropertyName("shape"), Description("Dimensions; -1 for one that a request chooses.")] IReadOnlyList<int> Shape);

/// <summary>Body of every error of the Open Inference Protocol.</summary>
public sealed record InferErrorBody([property: JsonPropertyName("error")] string Error);

/// <summary>Examples of the endpoint's bodies.</summary>
internal static class TensorsExamples
{
    public static readonly BodyExample Request = new(
        "tensors",
        """
        {"id":"42","inputs":[{"name":"x","shape":[2,2],"datatype":"FP32","data":[[1,2],[3,4]]},
        {"name":"scale","shape":[1],"datatype":"FP32","data":[0.5]}],"outputs":[{"name":"y"}]}
        """);

    public static readonly BodyExample BinaryRequest = new(
        "binary",
        """
        {"inputs":[{"name":"x","shape":[2,2],"datatype":"FP32","parameters":{"binary_data_size":16}}],
        "parameters":{"binary_data_output":true}}
        """);

    public static readonly BodyExample Answer = new(
        "answer",
        """
        {"model_name":"my-model","model_version":"1","id":"42","outputs":[{"name":"y","datatype":"FP32","shape":[2,2],
        "data":[0.5,1,1.5,2]}]}
        """);

    public static readonly BodyExample Server = new(
        "server", """{"name":"tollgate","version":"1.0.0","extensions":["binary_tensor_data"]}""");

    public static readonly BodyExample Live = new("live", """{"live":true}""");

    public static readonly BodyExample Ready = new("ready", """{"ready":true}""");

    public static readonly BodyExample ModelReady = new("ready", """{"name":"my-model","ready":true}""");

    public static readonly BodyExample Model = new(
        "model",
        """
        {"name":"my-model","versions":["1"],"platform":"onnxruntime_onnx","inputs":[{"name":"x","datatype":"FP32","shape":[-1,2]}],
        "outputs":[{"name":"y","datatype":"FP32","shape":[-1,2]}]}
        """);
}
