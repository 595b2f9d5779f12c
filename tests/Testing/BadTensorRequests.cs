namespace Tollgate.Testing;

/// <summary>Bad requests of the Open Inference Protocol, at least one for each member.</summary>
public static class BadTensorRequests
{
    public const string Path = "/v2/models/tiny-assistant/infer";

    private const string InvalidType = "invalid_type";
    private const string InvalidValue = "invalid_value";
    private const string Unsupported = "unsupported_parameter";
    private const string Unknown = "unknown_parameter";
    private const string Missing = "missing_required_parameter";

    public static IReadOnlyList<BadRequest> All { get; } =
    [
        Of("{}", Missing, "inputs"),
        Of("""{"inputs":[]}""", InvalidValue, "inputs"),
        Of("""{"inputs":{}}""", InvalidType, "inputs"),
        Of("""{"inputs":[7]}""", InvalidType, "inputs[0]"),
        Of("""{"model":"m","inputs":[]}""", Unknown, "model"),
        Of("""{"id":7}""", InvalidType, "id"),
        Of($$"""{"id":"{{new string('x', 257)}}"}""", InvalidValue, "id"),
        Of("""{"parameters":7}""", InvalidType, "parameters"),
        Of("""{"parameters":{"binary_data_output":1}}""", InvalidType, "parameters.binary_data_output"),
        Of("""{"parameters":{"sequence_id":42}}""", Unsupported, "parameters.sequence_id"),
        Of("""{"parameters":{"priority":-1}}""", InvalidValue, "parameters.priority"),
        Of("""{"parameters":{"speed":"high"}}""", Unknown, "parameters.speed"),
        Of("""{"parameters":{"timeout":1,"timeout":2}}""", "duplicate_parameter", "parameters.timeout"),
        Of("""{"outputs":[{"name":"y","name":"z"}]}""", "duplicate_parameter", "outputs[0].name"),
        Of("""{"outputs":[{}]}""", Missing, "outputs[0].name"),
        Of("""{"outputs":[{"name":"y"},{"name":"y"}]}""", InvalidValue, "outputs[1].name"),
        Of("""{"outputs":[{"name":"y","parameters":{"classification":3}}]}""", Unsupported, "outputs[0].parameters.classification"),
        Of(
            """{"outputs":[{"name":"y","parameters":{"shared_memory_region":"r"}}]}""", Unsupported,
            "outputs[0].parameters.shared_memory_region"),
        Of("""{"outputs":[{"name":"y","parameters":{"binary_data":"yes"}}]}""", InvalidType, "outputs[0].parameters.binary_data"),
        Input("", Missing, "name"),
        Input("\"name\":\"\"", InvalidValue, "name"),
        Input("\"name\":\"x\"", Missing, "shape"),
        Input("\"name\":\"x\",\"datatype\":\"INT8\",\"data\":[1]", Missing, "shape"),
        Input("\"name\":\"x\",\"shape\":[1]", Missing, "datatype"),
        Input("\"name\":\"x\",\"shape\":[1],\"datatype\":\"INT8\"", Missing, "data"),
        Input("\"name\":\"x\",\"shape\":[1],\"dataType\":\"INT8\",\"data\":[1]", Unknown, "dataType"),
        Input("\"name\":\"x\",\"shape\":[-1,16],\"datatype\":\"INT8\",\"data\":[1]", InvalidValue, "shape[0]"),
        Input("\"name\":\"x\",\"shape\":[1.5],\"datatype\":\"INT8\",\"data\":[1]", InvalidType, "shape[0]"),
        Input("\"name\":\"x\",\"shape\":7,\"datatype\":\"INT8\",\"data\":[1]", InvalidType, "shape"),
        Input("\"name\":\"x\",\"shape\":[65536,65536],\"datatype\":\"INT8\",\"data\":[1]", InvalidValue, "shape"),
        Input("\"name\":\"x\",\"shape\":[1],\"datatype\":\"STRING\",\"data\":[\"a\"]", InvalidValue, "datatype"),
        Input("\"name\":\"x\",\"shape\":[1],\"datatype\":\"INT8\",\"data\":\"AQ==\"", InvalidType, "data"),
        Input("\"name\":\"x\",\"shape\":[2],\"datatype\":\"INT8\",\"data\":[1]", InvalidValue, "data"),
        Input("\"name\":\"x\",\"shape\":[1],\"datatype\":\"INT8\",\"data\":[1,2]", InvalidValue, "data"),
        Input("\"name\":\"x\",\"shape\":[2,2],\"datatype\":\"INT8\",\"data\":[[1,2,3],[4]]", InvalidValue, "data"),
        Input("\"name\":\"x\",\"shape\":[2,2],\"datatype\":\"INT8\",\"data\":[[1,2],3,4]", InvalidValue, "data"),
        Input("\"name\":\"x\",\"shape\":[4],\"datatype\":\"INT8\",\"data\":[[1,2],[3,4]]", InvalidValue, "data"),
        Input("\"name\":\"x\",\"shape\":[1],\"datatype\":\"INT8\",\"data\":[128]", InvalidValue, "data[0]"),
        Input("\"name\":\"x\",\"shape\":[1],\"datatype\":\"UINT8\",\"data\":[-1]", InvalidValue, "data[0]"),
        Input("\"name\":\"x\",\"shape\":[1],\"datatype\":\"INT32\",\"data\":[1.0]", InvalidValue, "data[0]"),
        Input("\"name\":\"x\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[1e39]", InvalidValue, "data[0]"),
        Input("\"name\":\"x\",\"shape\":[1],\"datatype\":\"FP64\",\"data\":[1e400]", InvalidValue, "data[0]"),
        Input("\"name\":\"x\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[\"1\"]", InvalidValue, "data[0]"),
        Input("\"name\":\"x\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[null]", InvalidValue, "data[0]"),
        Input("\"name\":\"x\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[{}]", InvalidType, "data[0]"),
        Input("\"name\":\"x\",\"shape\":[1],\"datatype\":\"BOOL\",\"data\":[1]", InvalidValue, "data[0]"),
        Input("\"name\":\"x\",\"shape\":[1],\"datatype\":\"BYTES\",\"data\":[1]", InvalidValue, "data[0]"),
        Input("\"name\":\"x\",\"shape\":[1],\"datatype\":\"FP16\",\"data\":[1]", Unsupported, "data"),
        Input("\"name\":\"x\",\"shape\":[1],\"datatype\":\"BF16\",\"data\":[1]", Unsupported, "data"),
        Input(
            "\"name\":\"x\",\"shape\":[1],\"datatype\":\"INT8\",\"data\":[1],\"parameters\":{\"binary_data_size\":1}", Unsupported, "data"),
        Input(
            "\"name\":\"x\",\"shape\":[1],\"datatype\":\"INT8\",\"parameters\":{\"binary_data_size\":1}", InvalidValue,
            "parameters.binary_data_size"),
        Input(
            "\"name\":\"x\",\"shape\":[1],\"datatype\":\"INT8\",\"parameters\":{\"binary_data_size\":-1}", InvalidValue,
            "parameters.binary_data_size"),
        Input(
            "\"name\":\"x\",\"shape\":[1],\"datatype\":\"INT8\",\"parameters\":{\"shared_memory_offset\":0}", Unsupported,
            "parameters.shared_memory_offset"),
        Of(
            """
            {"inputs":[{"name":"x","shape":[1],"datatype":"INT8","data":[1]},{"name":"x","shape":[1],"datatype":"INT8","data":[1]}]}
            """,
            InvalidValue, "inputs[1].name"),
    ];

    /// <summary>A good request with further members.</summary>
    public static string Body(string members = "") =>
        "{\"inputs\":[{\"name\":\"x\",\"shape\":[2,2],\"datatype\":\"FP32\",\"data\":[[1,2],[3,4.5]]}]"
        + (members.Length > 0 ? "," : "") + members + "}";

    private static BadRequest Input(string members, string code, string param) =>
        Of($$"""{"inputs":[{{{members}}}]}""", code, $"inputs[0].{param}");

    private static BadRequest Of(string body, string code, string param) => new(Path, body, 400, code, param);
}
