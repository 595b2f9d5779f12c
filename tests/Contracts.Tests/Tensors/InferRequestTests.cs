using System.Text;
using Tollgate.Contracts.Tensors;
using Tollgate.Testing;

namespace Tollgate.Contracts.Tests.Tensors;

public sealed class InferRequestTests
{
    /// <summary>The request of the protocol's text.</summary>
    private const string Published = """
        {
          "id" : "42",
          "inputs" : [
            {
              "name" : "input0",
              "shape" : [ 2, 2 ],
              "datatype" : "UINT32",
              "data" : [ 1, 2, 3, 4 ]
            },
            {
              "name" : "input1",
              "shape" : [ 3 ],
              "datatype" : "BOOL",
              "data" : [ true, false, true ]
            }
          ],
          "outputs" : [
            {
              "name" : "output0"
            }
          ]
        }
        """;

    /// <summary>The request of the binary extension's text, with other numbers.</summary>
    private const string PublishedBinary = """
        {"model_name":"mymodel","inputs":[{"name":"input0","shape":[2,2],"datatype":"UINT32","parameters":{"binary_data_size":16}},
        {"name":"input1","shape":[3],"datatype":"BOOL","parameters":{"binary_data_size":3}}],
        "outputs":[{"name":"output0","parameters":{"binary_data":true}}]}
        """;

    [Fact]
    public void The_published_request_is_read()
    {
        var request = Good(Published);

        Assert.Equal(("my-model", null, "42"), (request.Model, request.Version, request.Id));
        Assert.Equal(["input0 UINT32 2x2 01000000020000000300000004000000", "input1 BOOL 3 010001"], request.Inputs.Select(Describe));
        Assert.Equal([new InferOutput("output0", null)], request.Outputs);
        Assert.False(request.BinaryOutputs);
        Assert.Equal(7, request.InputElements);
    }

    [Fact]
    public void The_published_binary_request_is_read()
    {
        var json = Encoding.UTF8.GetBytes(PublishedBinary.Replace("\"model_name\":\"mymodel\",", "", StringComparison.Ordinal));
        byte[] body = [.. json, .. Convert.FromHexString("01000000020000000300000004000000" + "010001")];

        Assert.True(InferRequest.TryParse(body, json.Length, "my-model", "3", out var request, out _));

        Assert.Equal(["input0 UINT32 2x2 01000000020000000300000004000000", "input1 BOOL 3 010001"], request.Inputs.Select(Describe));
        Assert.Equal([new InferOutput("output0", true)], request.Outputs);
        Assert.Equal("3", request.Version);
    }

    [Theory]
    [InlineData("BOOL", "true,false", "0100")]
    [InlineData("UINT8", "0,255", "00FF")]
    [InlineData("UINT16", "0,65535", "0000FFFF")]
    [InlineData("UINT32", "0,4294967295", "00000000FFFFFFFF")]
    [InlineData("UINT64", "0,18446744073709551615", "0000000000000000FFFFFFFFFFFFFFFF")]
    [InlineData("INT8", "-128,-1,127", "80FF7F")]
    [InlineData("INT16", "-32768,-1,32767", "0080FFFFFF7F")]
    [InlineData("INT32", "-2147483648,-1,2147483647", "00000080FFFFFFFFFFFFFF7F")]
    [InlineData("INT64", "-9223372036854775808,-1,9223372036854775807", "0000000000000080FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF7F")]
    [InlineData("FP32", "-3.4028235e38,-1,3.4028235e38,1e-45", "FFFF7FFF000080BFFFFF7F7F01000000")]
    [InlineData("FP64", "-1.7976931348623157e308,-1", "FFFFFFFFFFFFEFFF000000000000F0BF")]
    [InlineData("BYTES", "\"\",\"a\\u00e9\"", "000000000300000061C3A9")]
    public void Each_type_has_its_lowest_and_highest_number_and_minus_one(string type, string data, string content)
    {
        var count = data.Split(',').Length;

        var request = Good($$"""{"inputs":[{"name":"x","shape":[{{count}}],"datatype":"{{type}}","data":[{{data}}]}]}""");

        Assert.Equal(content, Convert.ToHexString(request.Inputs[0].Content.Span));
    }

    [Theory]
    [InlineData("[2,3]", "[[1,2,3],[4,5,6]]")]
    [InlineData("[2,3]", "[1,2,3,4,5,6]")]
    [InlineData("[1,2,3]", "[[[1,2,3],[4,5,6]]]")]
    [InlineData("[6]", "[1,2,3,4,5,6]")]
    public void Lists_in_lists_are_read_as_a_flat_list(string shape, string data)
    {
        var request = Good($$"""{"inputs":[{"data":{{data}},"name":"x","shape":{{shape}},"datatype":"UINT8"}]}""");

        Assert.Equal("010203040506", Convert.ToHexString(request.Inputs[0].Content.Span));
    }

    [Theory]
    [InlineData("[]", "[7]", 1)]
    [InlineData("[0]", "[]", 0)]
    [InlineData("[2,0]", "[[],[]]", 0)]
    [InlineData("[2,0]", "[]", 0)]
    public void A_scalar_has_one_element_and_a_tensor_may_have_none(string shape, string data, int elements)
    {
        var request = Good($$"""{"inputs":[{"name":"x","shape":{{shape}},"datatype":"UINT8","data":{{data}}}]}""");

        Assert.Equal((elements, elements), (request.InputElements, request.Inputs[0].Content.Length));
    }

    [Theory]
    [InlineData("FP16", "[2]", "003C00BC", true)]
    [InlineData("BF16", "[2]", "803F80BF", true)]
    [InlineData("BYTES", "[2]", "0000000001000000FF", true)]
    [InlineData("BYTES", "[2]", "00000000", false)]
    [InlineData("BYTES", "[1]", "02000000FF", false)]
    [InlineData("BYTES", "[1]", "FFFFFFFF", false)]
    [InlineData("BOOL", "[1]", "02", false)]
    [InlineData("INT32", "[2]", "01000000", false)]
    public void A_binary_tensor_has_as_many_elements_as_its_shape_states(string type, string shape, string content, bool taken)
    {
        var bytes = Convert.FromHexString(content);
        var parameters = $$"""{"binary_data_size":{{bytes.Length}}}""";
        var json = Encoding.UTF8.GetBytes(
            $$"""{"inputs":[{"name":"x","shape":{{shape}},"datatype":"{{type}}","parameters":{{parameters}}}]}""");

        var read = InferRequest.TryParse((byte[])[.. json, .. bytes], json.Length, "m", null, out var request, out var error);

        Assert.Equal(taken, read);
        Assert.True(taken ? bytes.AsSpan().SequenceEqual(request!.Inputs[0].Content.Span)
            : error!.Param == "inputs[0].parameters.binary_data_size");
    }

    [Theory]
    [InlineData(0, 5, "belong to no input")]
    [InlineData(0, 3, null)]
    [InlineData(7, 3, "the body has")]
    public void What_stands_behind_the_JSON_belongs_to_an_input(int tooLong, int bytes, string? message)
    {
        var json = Encoding.UTF8.GetBytes(
            """{"inputs":[{"name":"x","shape":[3],"datatype":"INT8","parameters":{"binary_data_size":3}}]}   """);

        var read = InferRequest.TryParse(
            (byte[])[.. json, .. new byte[bytes]], json.Length + tooLong, "m", null, out _, out var error);

        Assert.Equal(message is null, read);
        Assert.Contains(message ?? "", error?.Message ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void A_worker_reads_what_a_gateway_forwards()
    {
        var json = Encoding.UTF8.GetBytes(
            """ {"inputs":[{"name":"x","shape":[3],"datatype":"INT8","parameters":{"binary_data_size":3}}],"id":"é"} """ + "\n");
        byte[] body = [.. json, 1, 0xFF, 0x80];
        Assert.True(InferRequest.TryParse(body, json.Length, "alias", "2", out var asked, out _));

        Assert.True(InferRequest.TryParse(asked.Rewrite(body, "real \"name\"", 0), out var request, out _));

        Assert.Equal(("real \"name\"", "2", "é"), (request.Model, request.Version, request.Id));
        Assert.Equal("x INT8 3 01FF80", Describe(request.Inputs[0]));
        Assert.Equal(
            """{"model":"m","inputs":[]}""",
            Encoding.UTF8.GetString(Good(BadTensorRequests.Body()).Rewrite(Encoding.UTF8.GetBytes(BadTensorRequests.Body()), "m", 0))
                [.."{\"model\":\"m\",\"inputs\":[".Length] + "]}");
    }

    [Fact]
    public void A_shape_alone_takes_no_memory()
    {
        Assert.False(InferRequest.TryParse(
            """{"inputs":[{"name":"x","shape":[268435456],"datatype":"FP64","data":[1]}]}"""u8.ToArray(), null, "m", null, out _,
            out var error));

        Assert.Equal("inputs[0].data", error!.Param);
    }

    private static string Describe(InferTensor tensor) =>
        $"{tensor.Name} {tensor.Type.Name} {string.Join('x', tensor.Shape)} {Convert.ToHexString(tensor.Content.Span)}";

    private static InferRequest Good(string json)
    {
        var read = InferRequest.TryParse(Encoding.UTF8.GetBytes(json), null, "my-model", null, out var request, out var error);
        Assert.True(read, error?.Message);
        return request!;
    }
}
