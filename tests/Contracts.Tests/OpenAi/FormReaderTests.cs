using System.Text;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Tests.OpenAi;

public sealed class FormReaderTests
{
    [Fact]
    public async Task A_request_is_read_part_by_part()
    {
        var (request, error) = await ReadAsync(Good().Field("parts[]", "a").Field("parts[]", "b").Field("n", "-5")
            .Field("temperature", "0.5").Field("stream", "True"));

        Assert.Null(error);
        Assert.Equal(("hear-it", 3, "a b", -5L, 0.5, true), (
            request!.Model, request.File!.Bytes.Length, string.Join(' ', request.Repeated), request.N, request.Temperature,
            request.Stream));
    }

    [Theory]
    [InlineData("model", "missing_required_parameter")]
    [InlineData("file", "missing_required_parameter")]
    public async Task A_missing_part_is_named(string missing, string code)
    {
        var form = missing == "model" ? new FormBytes().File("file", "a", [1]) : new FormBytes().Field("model", "m");

        var (_, error) = await ReadAsync(form);

        Assert.Equal((missing, code), (error?.Param, error?.Code));
    }

    [Theory]
    [InlineData("model", "other", "duplicate_parameter")]
    [InlineData("colour", "red", "unknown_parameter")]
    [InlineData("", "", null)]
    [InlineData("Model", "m", "unknown_parameter")]
    [InlineData("parts", "m", "unknown_parameter")]
    [InlineData("n", "five", "invalid_value")]
    [InlineData("n", "", "invalid_value")]
    [InlineData("n", " 5", "invalid_value")]
    [InlineData("n", "5\0", "invalid_value")]
    [InlineData("n", "1e3", "invalid_value")]
    [InlineData("n", "11", "invalid_value")]
    [InlineData("n", "99999999999999999999", "invalid_value")]
    [InlineData("temperature", "NaN", "invalid_value")]
    [InlineData("temperature", "Infinity", "invalid_value")]
    [InlineData("temperature", "1e999", "invalid_value")]
    [InlineData("temperature", "0,5", "invalid_value")]
    [InlineData("temperature", "1.5", "invalid_value")]
    [InlineData("stream", "yes", "invalid_value")]
    [InlineData("stream", " true", "invalid_value")]
    [InlineData("stream", "true\0", "invalid_value")]
    [InlineData("stream", "", "invalid_value")]
    public async Task A_wrong_field_is_named(string name, string value, string? code)
    {
        var result = await FormBytes.ParseAsync(Good().Field(name, value).End());

        var error = result.Refusal ?? Read(result.Value!).Error;

        Assert.Equal((400, code), (error?.Status, error?.Code));
        Assert.Equal(code is null ? null : name, error!.Param);
    }

    [Fact]
    public async Task A_file_in_the_place_of_a_text_and_a_text_in_the_place_of_a_file_are_named()
    {
        var (_, textForFile) = await ReadAsync(new FormBytes().Field("model", "m").Field("file", "x"));
        var (_, fileForText) = await ReadAsync(new FormBytes().File("model", "m", [1]));
        var (_, twice) = await ReadAsync(Good().File("file", "b", [1]));
        var (_, empty) = await ReadAsync(new FormBytes().Field("model", "m").File("file", "b", []));

        Assert.Equal(("file", "invalid_type"), (textForFile?.Param, textForFile?.Code));
        Assert.Equal(("model", "invalid_type"), (fileForText?.Param, fileForText?.Code));
        Assert.Equal(("file", "duplicate_parameter"), (twice?.Param, twice?.Code));
        Assert.Equal(("file", "invalid_value"), (empty?.Param, empty?.Code));
    }

    [Theory]
    [InlineData("m")]
    [InlineData("a-model-with-a-much-longer-name-than-the-alias-had")]
    [InlineData("größe")]
    public async Task Rewrite_changes_the_model_and_no_other_byte(string model)
    {
        var body = Good().Field("parts[]", "hear-it").End();
        var request = Read(await FormBytes.GoodAsync(body)).Request!;

        var rewritten = request.Rewrite(body, model, outputCap: 0);

        const string Member = "name=\"model\"\r\n\r\n";
        var expected = Encoding.Latin1.GetString(body).Replace($"{Member}hear-it", Member + Latin(model), StringComparison.Ordinal);
        Assert.Equal(expected, Encoding.Latin1.GetString(rewritten));
        var again = Read(await FormBytes.GoodAsync(rewritten)).Request!;
        Assert.Equal((model, "hear-it"), (again.Model, again.Repeated[0]));
        Assert.Equal(request.File!.Bytes.ToArray(), again.File!.Bytes.ToArray());
    }

    private static string Latin(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    private static FormBytes Good() => new FormBytes().Field("model", "hear-it").File("file", "a.wav", [1, 2, 3]);

    private static async Task<(SampleRequest? Request, OpenAiError? Error)> ReadAsync(FormBytes form) =>
        Read(await FormBytes.GoodAsync(form.End()));

    private static (SampleRequest? Request, OpenAiError? Error) Read(RequestForm form)
    {
        var reader = new FormReader(form, SampleRequest.Members);
        var request = SampleRequest.Read(reader);
        Assert.True(request is null ^ reader.Error is null);
        return (request, reader.Error);
    }

    /// <summary>A request as an endpoint's parser makes it.</summary>
    private sealed record SampleRequest : InferenceRequest
    {
        public static MemberNames Members { get; } = new("model", "file", "parts[]", "n", "temperature", "stream");

        public FormPart? File { get; init; }

        public List<string> Repeated { get; init; } = [];

        public long N { get; init; }

        public double Temperature { get; init; }

        public static SampleRequest? Read(FormReader reader)
        {
            var (model, file, repeated) = (default(string), default(FormPart), new List<string>());
            var (n, temperature, stream) = (0L, 0.0, false);
            while (reader.NextPart(out var name))
            {
                var isRead = name switch
                {
                    "model" => reader.ReadModel(out model),
                    "file" => reader.ReadFile(out file),
                    "n" => reader.ReadInteger(-10, 10, out n),
                    "temperature" => reader.ReadNumber(0, 1, out temperature),
                    "stream" => reader.ReadBoolean(out stream),
                    _ => Add(reader, repeated),
                };
                if (!isRead)
                {
                    return null;
                }
            }

            if (reader.Error is not null || (model is null && !reader.FailMissing("model"))
                || (file is null && !reader.FailMissing("file")))
            {
                return null;
            }

            return new SampleRequest
            {
                Model = model!,
                File = file,
                Repeated = repeated,
                N = n,
                Temperature = temperature,
                Stream = stream,
                Size = new PromptSize(0, 0, 0, 1),
                Edits = reader.Edits,
            };
        }

        private static bool Add(FormReader reader, List<string> texts)
        {
            var isText = reader.ReadText(out var text);
            texts.Add(text);
            return isText;
        }
    }
}
