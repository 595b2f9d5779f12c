using System.Text;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Tensors;

namespace Tollgate.Contracts.Tests.Tensors;

public sealed class TensorSignatureTests
{
    /// <summary>Two inputs of like rows; an output of each row, one of unknown size, and one that JSON cannot hold.</summary>
    private static readonly TensorSignature Signature = new(
        [new("x", "FP32", [-1, 3], ["rows", ""]), new("n", "INT64", [-1], ["rows"])],
        [new("y", "FP32", [-1, 2], ["rows", ""]), new("found", "INT64", [-1], ["count"]), new("half", "FP16", [2], [""])],
        MostElements: 1000);

    [Theory]
    [InlineData("", "half")]
    [InlineData(",\"outputs\":[{\"name\":\"y\"}]", null)]
    [InlineData(",\"outputs\":[{\"name\":\"z\"}]", "outputs[0].name")]
    [InlineData(",\"outputs\":[{\"name\":\"y\"},{\"name\":\"half\"}]", "half")]
    [InlineData(",\"outputs\":[{\"name\":\"half\",\"parameters\":{\"binary_data\":true}}]", null)]
    [InlineData(",\"parameters\":{\"binary_data_output\":true}", null)]
    [InlineData(
        ",\"parameters\":{\"binary_data_output\":true},\"outputs\":[{\"name\":\"half\",\"parameters\":{\"binary_data\":false}}]", "half")]
    public void FindFault_names_an_output_that_there_is_not_or_that_JSON_cannot_hold(string members, string? named)
    {
        var fault = Signature.FindFault(Request("[2,3]", "[2]", members));

        Assert.Equal(named is null, fault is null);
        Assert.Contains(named ?? "", fault?.Message ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"name\":\"z\",\"shape\":[0],\"datatype\":\"INT64\",\"data\":[]", "inputs[1].name")]
    [InlineData("\"name\":\"n\",\"shape\":[0],\"datatype\":\"INT32\",\"data\":[]", "inputs[1].datatype")]
    [InlineData("\"name\":\"n\",\"shape\":[1,0],\"datatype\":\"INT64\",\"data\":[]", "inputs[1].shape")]
    public void FindFault_names_an_input_that_does_not_fit(string members, string param)
    {
        var request = Parse($$"""{"inputs":[{"name":"x","shape":[0,3],"datatype":"FP32","data":[]},{{{members}}}]}""");

        Assert.Equal(param, Signature.FindFault(request)!.Param);
    }

    [Fact]
    public void FindFault_names_an_input_that_is_missing_or_of_another_length()
    {
        var missing = Signature.FindFault(Parse("""{"inputs":[{"name":"x","shape":[0,3],"datatype":"FP32","data":[]}]}"""))!;
        var other = Signature.FindFault(Parse("""{"inputs":[{"name":"x","shape":[0,4],"datatype":"FP32","data":[]}]}"""))!;

        Assert.Contains("'n'", missing.Message, StringComparison.Ordinal);
        Assert.Equal(
            "Invalid value for 'inputs[0].shape': expected [-1,3] for the input 'x', -1 being any number, got [0,4].", other.Message);
    }

    [Theory]
    [InlineData("[2,3]", "[2]", "y", 2 + 6 + 4)] // Of the rows of the inputs.
    [InlineData("[2,3]", "[3]", "y", 3 + 6 + 1000)] // The inputs disagree about the rows.
    [InlineData("[2,3]", "[2]", "y,found", 2 + 6 + 4 + 1000)]
    [InlineData("[2,3]", "[2]", "half", 2 + 6 + 2)]
    public void MostUnits_bounds_outputs_by_the_inputs_or_else_by_the_declared_most(string x, string n, string outputs, long elements)
    {
        var names = string.Join(
            ',', outputs.Split(',').Select(name => $"{{\"name\":\"{name}\",\"parameters\":{{\"binary_data\":true}}}}"));

        Assert.Equal(new Units(0, Calls: 1, Elements: elements), Signature.MostUnits(Request(x, n, $",\"outputs\":[{names}]")));
    }

    [Fact]
    public void An_output_that_would_be_too_large_is_refused_before_it_is_made()
    {
        var wide = new TensorSignature([new("n", "INT64", [-1], ["rows"])], [new("y", "FP32", [-1, 1 << 30], ["rows", ""])], 1);
        var request = Parse("""{"inputs":[{"name":"n","shape":[1],"datatype":"INT64","data":[1]}]}""");

        Assert.Equal("inputs", wide.FindFault(request)!.Param);
        Assert.Equal(1 + TensorSignature.LargestTensor, wide.MostUnits(request).Elements);
    }

    private static InferRequest Request(string x, string n, string members) => Parse(
        $$"""
        {"inputs":[{"name":"x","shape":{{x}},"datatype":"FP32","data":{{Zeros(x)}}},
        {"name":"n","shape":{{n}},"datatype":"INT64","data":{{Zeros(n)}}}]{{members}}}
        """);

    private static string Zeros(string shape)
    {
        var count = shape.Trim('[', ']').Split(',').Aggregate(1, (product, length) => product * int.Parse(length));
        return $"[{string.Join(',', Enumerable.Repeat(0, count))}]";
    }

    private static InferRequest Parse(string json)
    {
        Assert.True(InferRequest.TryParse(Encoding.UTF8.GetBytes(json), null, "m", null, out var request, out var error), error?.Message);
        return request;
    }
}
