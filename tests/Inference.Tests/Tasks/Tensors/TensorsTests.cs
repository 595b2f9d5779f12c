using System.Net;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Tensors;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Import;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tasks.Tensors;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Tasks.Tensors;

/// <summary>Calls of models with tensors at a worker, as a gateway makes them.</summary>
public sealed class TensorsTests(TensorsTests.TensorWorker worker) : IClassFixture<TensorsTests.TensorWorker>
{
    private const string Path = "/v2/infer";

    [Fact]
    public async Task An_answer_has_the_models_numbers_and_is_metered_and_witnessed()
    {
        var request = Guid.NewGuid();

        using var response = await SendAsync(
            """{"model":"product","id":"7","inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,10]}]}""", request,
            "0,0,0,0,0,0,0,0,1,4");

        // w is -1, -0.26; 0.48, -0.8 (0, 37, 74 and 10 fiftieths, less 1).
        Assert.Equal(
            "{\"model_name\":\"product\",\"model_version\":\"1\",\"id\":\"7\","
                + "\"outputs\":[{\"name\":\"y\",\"datatype\":\"FP32\",\"shape\":[1,2],\"data\":[3.8000002,-8.26]}]}",
            await response.Content.ReadAsStringAsync());
        var units = new Units(0, Calls: 1, Elements: 4);
        Assert.Equal(units.ToString(), response.Headers.GetValues(Units.Header).Single());
        var entry = Assert.Single(await worker.WitnessAsync(request));
        Assert.Equal(("product", units), (entry.Model, entry.Units));
    }

    [Theory]
    [InlineData("INT8", "[-128,-1,127]")]
    [InlineData("INT16", "[-32768,-1,32767]")]
    [InlineData("INT32", "[-2147483648,-1,2147483647]")]
    [InlineData("INT64", "[-9223372036854775808,-1,9223372036854775807]")]
    [InlineData("UINT8", "[0,255]")]
    [InlineData("UINT16", "[0,65535]")]
    [InlineData("UINT32", "[0,4294967295]")]
    [InlineData("UINT64", "[0,18446744073709551615]")]
    [InlineData("FP32", "[-3.4028235E+38,-1,3.4028235E+38]")]
    [InlineData("FP64", "[-1.7976931348623157E+308,-1,1.7976931348623157E+308]")]
    [InlineData("BOOL", "[true,false]")]
    [InlineData("BYTES", "[\"\",\"\u00e9\U0001F600\",\"-1\"]")]
    public async Task Each_type_comes_back_as_it_was_sent(string type, string data)
    {
        var count = JsonNode.Parse(data)!.AsArray().Count;
        var inputs = TensorType.All.Where(other => other.Name != type).Select(Empty)
            .Append($$"""{"name":"x_{{type}}","shape":[{{count}}],"datatype":"{{type}}","data":{{data}}}""");

        using var response = await SendAsync(
            $$"""{"model":"identities","inputs":[{{string.Join(',', inputs)}}],"outputs":[{"name":"y_{{type}}"}]}""");

        var output = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["outputs"]![0]!;
        Assert.Equal(data, output["data"]!.ToJsonString(new JsonSerializerOptions
        {
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        }).Replace("\\uD83D\\uDE00", "\U0001F600", StringComparison.Ordinal));
        Assert.Equal((type, count), ((string)output["datatype"]!, (int)output["shape"]![0]!));
    }

    [Theory]
    [InlineData("FP16", "FF7BFFFB003C00BC007E", 5)]
    [InlineData("BF16", "7F7FFFFF803F80BF", 4)]
    [InlineData("FP32", "0000C07F000080FF", 2)] // NaN and minus infinity.
    [InlineData("BYTES", "01000000FF00000000", 2)] // No UTF-8.
    [InlineData("INT64", "0000000000000080FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF7F", 3)] // Least, -1 and most, as of the types below.
    [InlineData("INT32", "00000080FFFFFFFFFFFFFF7F", 3)]
    [InlineData("INT16", "0080FFFFFF7F", 3)]
    [InlineData("INT8", "80FF7F", 3)]
    [InlineData("UINT64", "0000000000000000FFFFFFFFFFFFFFFF", 2)]
    [InlineData("UINT32", "00000000FFFFFFFF", 2)]
    [InlineData("UINT16", "0000FFFF", 2)]
    [InlineData("UINT8", "00FF", 2)]
    [InlineData("FP64", "FFFFFFFFFFFFEFFF000000000000F0BFFFFFFFFFFFFFEF7F", 3)]
    [InlineData("BOOL", "0100", 2)]
    public async Task Binary_tensors_keep_every_bit(string type, string content, int count)
    {
        var bytes = Convert.FromHexString(content);
        var parameters = $$"""{"binary_data_size":{{bytes.Length}}}""";
        var inputs = TensorType.All.Where(other => other.Name != type).Select(Empty).Append(
            $$"""{"name":"x_{{type}}","shape":[{{count}}],"datatype":"{{type}}","parameters":{{parameters}}}""");
        var json = $$$"""
            {"model":"identities","inputs":[{{{string.Join(',', inputs)}}}],"outputs":[{"name":"y_{{{type}}}"}],
            "parameters":{"binary_data_output":true}}
            """;

        using var response = await SendBytesAsync([.. Encoding.UTF8.GetBytes(json), .. bytes]);

        Assert.Equal("application/octet-stream", response.Content.Headers.ContentType!.MediaType);
        var answer = await response.Content.ReadAsByteArrayAsync();
        Assert.Equal(content, Convert.ToHexString(answer.AsSpan(answer.Length - bytes.Length)));
        var output = JsonNode.Parse(answer.AsSpan(0, answer.Length - bytes.Length))!["outputs"]![0]!;
        Assert.Equal(bytes.Length, (int)output["parameters"]!["binary_data_size"]!);
        Assert.Null(output["data"]);
    }

    [Fact]
    public async Task Lists_in_lists_and_a_flat_list_have_the_same_answer()
    {
        const string Start = """{"model":"product","inputs":[{"name":"x","shape":[2,2],"datatype":"FP32","data":""";

        var flat = await TextAsync(SendAsync(Start + "[1,10,-3,0.5]}]}"));
        var nested = await TextAsync(SendAsync(Start + "[[1,10],[-3,0.5]]}]}"));

        Assert.Contains("\"shape\":[2,2],\"data\":[3.8000002,", flat, StringComparison.Ordinal);
        Assert.Equal(flat, nested);
    }

    [Theory]
    [InlineData("INT32", "[7,-1]", "[-3,-1]", "[4,-2]", "[-21,1]")]
    [InlineData("INT64", "[7,-1]", "[-3,-1]", "[4,-2]", "[-21,1]")]
    [InlineData("FP32", "[0.5,2]", "[4,-1]", "[4.5,1]", "[2,-2]")]
    [InlineData("FP64", "[0.1,2]", "[0.2,-1]", "[0.30000000000000004,1]", "[0.020000000000000004,-2]")]
    public async Task Two_inputs_are_added_and_multiplied(string type, string a, string b, string sum, string product)
    {
        using var response = await SendAsync(
            $$"""
            {"model":"arithmetic-{{type.ToLowerInvariant()}}","inputs":[{"name":"b","shape":[2],"datatype":"{{type}}","data":{{b}}},
            {"name":"a","shape":[2],"datatype":"{{type}}","data":{{a}}}]}
            """);

        var outputs = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["outputs"]!;
        Assert.Equal((sum, product), (outputs[0]!["data"]!.ToJsonString(), outputs[1]!["data"]!.ToJsonString()));
    }

    [Fact]
    public async Task A_number_that_is_not_finite_stands_in_binary_form_alone_and_the_run_counts()
    {
        const string Inputs = """
            "inputs":[{"name":"a","shape":[2],"datatype":"FP32","data":[1,0]},{"name":"b","shape":[2],"datatype":"FP32","data":[0,0]}]
            """;
        var request = Guid.NewGuid();

        using var refused = await SendAsync($$"""{"model":"quotient",{{Inputs}}}""", request);
        using var binary = await SendAsync($$$"""{"model":"quotient",{{{Inputs}}},"parameters":{"binary_data_output":true}}""");

        await AssertErrorAsync(refused, 400, "output_not_in_json", "'quotient'");
        Assert.Equal("0,0,0,0,0,0,0,0,1,4", refused.Headers.GetValues(Units.Header).Single());
        Assert.Equal(new Units(0, Calls: 1, Elements: 4), Assert.Single(await worker.WitnessAsync(request)).Units);
        var numbers = MemoryMarshal.Cast<byte, float>((await binary.Content.ReadAsByteArrayAsync()).AsSpan()[^8..]);
        Assert.Equal((float.PositiveInfinity, true), (numbers[0], float.IsNaN(numbers[1])));
    }

    [Theory]
    [InlineData("[2000000]", 1, "answer_too_large")] // More than the model's declared most.
    [InlineData("[100000,100000,100]", 3, "model_refused")] // 4 TB.
    [InlineData("[30000,30000]", 2, "model_refused")] // 3.6 GB, more than all runs may have.
    public async Task A_model_that_would_give_more_than_it_may_leaves_the_worker_alone(string shape, int dimensions, string code)
    {
        using var response = await SendAsync(
            $$"""{"model":"zeros","inputs":[{"name":"shape","shape":[{{dimensions}}],"datatype":"INT64","data":{{shape}}}]}""");
        using var small = await SendAsync("""{"model":"zeros","inputs":[{"name":"shape","shape":[1],"datatype":"INT64","data":[3]}]}""");

        await AssertErrorAsync(response, 400, code, "'zeros'");
        Assert.Contains("\"data\":[0,0,0]", await small.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_does_not_end_is_stopped_and_counts()
    {
        var request = Guid.NewGuid();

        using var response = await SendAsync(
            """{"model":"endless","inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}]}""", request);

        await AssertErrorAsync(response, 400, "run_too_long", "after 2 s");
        Assert.Equal(new Units(0, Calls: 1, Elements: 1), Assert.Single(await worker.WitnessAsync(request)).Units);
    }

    [Fact]
    public async Task A_request_whose_reader_leaves_is_stopped_and_counts()
    {
        var request = Guid.NewGuid();
        var running = SendAsync("""{"model":"endless","inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}]}""", request);
        Cancelled? cancelled = null;
        await Testing.Until.TrueAsync(
            async () =>
            {
                using var answer = await worker.Gateway.PostAsync($"/internal/requests/{request:N}/cancel", null);
                cancelled = JsonSerializer.Deserialize(
                    await answer.Content.ReadAsStringAsync(), Contracts.Json.ContractsJson.Default.Cancelled);
                return cancelled!.Known;
            },
            "the request runs");

        using var response = await running;

        Assert.True(cancelled!.Units.Calls <= 1);
        Assert.True((int)response.StatusCode is 499 or 400);
    }

    [Theory]
    [InlineData("""{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}""", "inputs[0].shape")]
    [InlineData("""{"name":"x","shape":[1,2],"datatype":"FP64","data":[1,2]}""", "inputs[0].datatype")]
    [InlineData("""{"name":"z","shape":[1,2],"datatype":"FP32","data":[1,2]}""", "inputs[0].name")]
    public async Task A_tensor_that_does_not_fit_is_refused_by_name(string input, string param)
    {
        using var response = await SendAsync($$"""{"model":"product","inputs":[{{input}}]}""");

        await AssertErrorAsync(response, 400, "invalid_value", param);
    }

    [Theory]
    [InlineData("\"model\":\"nobody\"")]
    [InlineData("\"model\":\"product\",\"model_version\":\"2\"")]
    public async Task Another_model_or_version_is_not_found(string model)
    {
        using var response = await SendAsync(
            $$"""{{{model}},"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}]}""");

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task More_than_the_hold_pays_for_is_not_run()
    {
        var request = Guid.NewGuid();

        using var response = await SendAsync(
            """{"model":"product","inputs":[{"name":"x","shape":[2,2],"datatype":"FP32","data":[1,2,3,4]}]}""", request,
            "0,0,0,0,0,0,0,0,1,7");

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Empty(await worker.WitnessAsync(request));
    }

    [Fact]
    public async Task Requests_that_share_runs_have_the_answers_that_they_have_alone()
    {
        string[] bodies =
        [
            .. Enumerable.Range(1, 40).Select(number =>
            {
                var rows = 1 + (number % 5);
                var data = string.Join(
                    ',', Enumerable.Range(0, rows * 2).Select(i => FormattableString.Invariant($"{number * i % 17 / 7f}")));
                return $$"""{"model":"product","inputs":[{"name":"x","shape":[{{rows}},2],"datatype":"FP32","data":[{{data}}]}]}""";
            }),
        ];
        var alone = new List<string>();
        foreach (var body in bodies)
        {
            alone.Add(await TextAsync(SendAsync(body)));
        }

        var together = await Task.WhenAll(bodies.Select((body, at) => TextAsync(SendAsync(body, organization: at % 3))));

        Assert.Equal(alone, together);
    }

    [Fact]
    public async Task The_card_shows_inputs_and_outputs()
    {
        var status = await WorkerFixture.StatusAsync(worker.Gateway);

        var card = status.Models.Single(model => model.Card.Name == "product").Card;
        Assert.Equal("tensors", card.Task);
        Assert.Equal(("x", "FP32", "-1,2"), (
            card.Tensors!.Inputs[0].Name, card.Tensors.Inputs[0].Datatype, string.Join(',', card.Tensors.Inputs[0].Shape)));
    }

    private static string Empty(TensorType type) => type.HasJson
        ? $$"""{"name":"x_{{type.Name}}","shape":[0],"datatype":"{{type.Name}}","data":[]}"""
        : $$$"""{"name":"x_{{{type.Name}}}","shape":[0],"datatype":"{{{type.Name}}}","parameters":{"binary_data_size":0}}""";

    private static async Task AssertErrorAsync(HttpResponseMessage response, int status, string code, string named)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == status, text);
        var error = JsonNode.Parse(text)!["error"]!;
        Assert.Equal(code, (string)error["code"]!);
        Assert.Contains(named, (string)error["message"]!, StringComparison.Ordinal);
    }

    private static async Task<string> TextAsync(Task<HttpResponseMessage> sent)
    {
        using var response = await sent;
        return await response.Content.ReadAsStringAsync();
    }

    private Task<HttpResponseMessage> SendAsync(string body, Guid? request = null, string? bound = null, int organization = 0) =>
        worker.SendAsync(
            Path, JsonNode.Parse(body)!, request, bound, new Guid(organization, 0, 0, new byte[8]));

    private async Task<HttpResponseMessage> SendBytesAsync(byte[] body)
    {
        using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };
        return await worker.Gateway.PostAsync(Path, content);
    }

    /// <summary>A worker with models that a test wrote. Its runs may take two seconds.</summary>
    public sealed class TensorWorker() : ImportedWorker("--Tensors:RunTimeout=00:00:02")
    {
        protected override async Task<IReadOnlyList<string>> ImportAsync()
        {
            using var folder = new TemporaryFolder();
            var models = new Dictionary<string, Func<string, string>>
            {
                ["product"] = at => TensorModels.WriteProduct(at, 2, 2),
                ["identities"] = TensorModels.WriteIdentities,
                ["quotient"] = TensorModels.WriteQuotient,
                ["zeros"] = TensorModels.WriteZeros,
                ["arithmetic-int32"] = at => TensorModels.WriteArithmetic(at, TensorElementType.Int32),
                ["arithmetic-int64"] = at => TensorModels.WriteArithmetic(at, TensorElementType.Int64),
                ["arithmetic-fp32"] = at => TensorModels.WriteArithmetic(at, TensorElementType.Float),
                ["arithmetic-fp64"] = at => TensorModels.WriteArithmetic(at, TensorElementType.Double),
            };
            foreach (var (name, write) in models)
            {
                await ModelImport.RunAsync(
                    write(folder.File(name)), name, Repository, new ModelImportOptions(), progress: null, CancellationToken.None);
            }

            await InstallEndlessAsync(folder);
            return [.. models.Keys, "endless"];
        }

        /// <summary>Its trial alone would take half a minute.</summary>
        private async Task InstallEndlessAsync(TemporaryFolder folder)
        {
            using var draft = new Inference.Models.ModelStore(Repository).Begin("endless", null);
            File.Copy(TensorModels.WriteEndless(folder.File("endless")), System.IO.Path.Combine(draft.Folder, "model.onnx"));
            TensorSpec[] one = [new("x", "FP32", [-1], ["n"])];
            await draft.InstallAsync(
                (version, files) => ModelTensors.WriteTo(new TensorSignature(one, [one[0] with { Name = "y" }], 1), new()
                {
                    Name = "endless",
                    Version = version,
                    Task = ModelTask.Tensors.Name,
                    Source = new("model.onnx", "onnx", new string('0', 64)),
                    Created = DateTimeOffset.UnixEpoch,
                    Files = files,
                    Graph = "model.onnx",
                    Limits = new(0, 0),
                    Batching = false,
                }),
                CancellationToken.None);
        }
    }
}
