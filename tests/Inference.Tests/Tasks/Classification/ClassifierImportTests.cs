using System.Text.Json.Nodes;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Tasks.Classification;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Tasks.Classification;

public sealed class ClassifierImportTests : IDisposable
{
    private static readonly Dictionary<string, float[]> Words = new() { ["good"] = [0, 1] };
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task RunAsync_takes_tiny_sentiment_with_its_labels_and_its_context()
    {
        var source = Path.Combine(ModelFiles.Defaults, "tiny-sentiment");

        var installed = await ImportAsync(source);

        Assert.Equal("classification", ModelImport.FindTask(source));
        Assert.Equal(("classification", 512, true), (
            installed.Manifest.Task, installed.Manifest.Limits.ContextLength, installed.Manifest.Batching));
        Assert.Equal(
            """{"labels":["negative","positive"],"output":"logits","activation":"softmax"}""",
            ClassifierFolder.Section(installed).GetRawText().Replace(" ", "", StringComparison.Ordinal)
                .ReplaceLineEndings(""));
        Assert.Equal(("tiny-sentiment", "onnx"), (installed.Manifest.Source.File, installed.Manifest.Source.Format));
        Assert.Equal(await ModelFolder.HashAsync(source, CancellationToken.None), installed.Manifest.Source.Sha256);
        Assert.Equal(["model.onnx", "tokenizer.json"], installed.Manifest.Files.Select(file => file.Name));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("", "model.onnx")]
    [InlineData("onnx", "")]
    [InlineData("onnx", "onnx/model.onnx")]
    public async Task RunAsync_takes_a_folder_or_its_graph_in_both_layouts(string place, string named)
    {
        var source = ClassifierFolder.WriteSettings(_folder.File("source"), ["no", "yes"]);
        ClassifierFolder.WriteTable(Path.Combine(source, place), 2, Words);

        var installed = await ImportAsync(Path.Combine(source, named));

        Assert.Equal("classification", installed.Manifest.Task);
        Assert.Equal(64, installed.Manifest.Limits.ContextLength);
    }

    [Fact]
    public async Task RunAsync_numbers_labels_that_have_no_names()
    {
        var source = ClassifierFolder.WriteSettings(_folder.File("source"), [], config => config.Remove("id2label"));
        ClassifierFolder.WriteTable(source, 3, new Dictionary<string, float[]>());

        var installed = await ImportAsync(source);

        Assert.Equal(
            ["LABEL_0", "LABEL_1", "LABEL_2"],
            ClassifierFolder.Section(installed).GetProperty("labels").EnumerateArray().Select(label => label.GetString()));
    }

    public static TheoryData<string, string> Configurations => new()
    {
        { """{"problem_type":"regression"}""", "problem_type 'regression'" },
        { """{"problem_type":7}""", "problem_type '7'" },
        { """{"id2label":[]}""", "does not name 1 to" },
        { """{"id2label":{"0":"a","1":"b","2":"c"}}""", "2 logits, and its config.json names 3 labels" },
        { """{"id2label":{"0":"a","2":"b"}}""", "2 labels from 0 on: it has the number '2'" },
        { """{"id2label":{"0":"a","1":"a"}}""", "none may be alike" },
        { """{"id2label":{"0":"a","1":""}}""", "Label 1 in" },
        { """{"id2label":{"0":"a","one":"b"}}""", "number 'one'" },
        { """{"id2label":{"0":"a","1":5}}""", "Label 1 in" },
        { """{"id2label":{}}""", "does not name 1 to" },
        { """{"id2label":{"1":"a","2":"b"}}""", "2 labels from 0 on: it has the number '2'" },
        { """{"id2label":{"0":"a","-1":"b"}}""", "number '-1'" },
        { """{"id2label":{"0":"a","00":"b"}}""", "number '00'" },
        { """{"id2label":{"0":"a","99999999999":"b"}}""", "number '99999999999'" },
        { """{"id2label":{"0":"a","1":["b"]}}""", "Label 1 in" },
        { """{"id2label":{"0":"a","1":null}}""", "Label 1 in" },
        { """{"num_labels":3}""", "num_labels 3, and names 2 labels" },
        { """{"num_labels":"2"}""", "num_labels 2, and names 2 labels" },
        { """{"id2label":null,"num_labels":3}""", "2 logits, and its config.json names 3 labels" },
        { """{"id2label":null,"num_labels":0}""", "2 logits, and its config.json names 0 labels" },
        { """{"vocab_size":100}""", "do not belong together" },
        { """{"vocab_size":"many"}""", "vocab_size many, which is not a whole number" },
        { """{"max_position_embeddings":0}""", "longest input" },
        { """{"max_position_embeddings":1.5}""", "max_position_embeddings 1.5" },
    };

    [Theory]
    [MemberData(nameof(Configurations))]
    public async Task RunAsync_refuses_a_configuration_that_does_not_fit(string members, string why)
    {
        var source = ClassifierFolder.WriteSettings(_folder.File("source"), ["no", "yes"], config =>
        {
            foreach (var (name, value) in JsonNode.Parse(members)!.AsObject().ToArray())
            {
                config[name] = value?.DeepClone();
            }
        });
        ClassifierFolder.WriteTable(source, 2, Words);

        await AssertRefusedAsync(source, why);
    }

    /// <summary>Served as they are: an answer's JSON escapes what it must.</summary>
    [Fact]
    public async Task RunAsync_takes_labels_of_odd_characters_and_refuses_half_characters()
    {
        string[] odd = ["</script>\"'\\", "\u0000\n\t", "😀 👩‍👩‍👧", "\u202Eright", " ", "id2label", new string('x', 1000), "É", "E\u0301"];
        var source = ClassifierFolder.WriteSettings(_folder.File("source"), odd);
        ClassifierFolder.WriteTable(source, odd.Length, new Dictionary<string, float[]>());
        var halved = ClassifierFolder.WriteSettings(_folder.File("halved"), ["no", "yes"]);
        ClassifierFolder.WriteTable(halved, 2, Words);
        var config = Path.Combine(halved, "config.json");
        await File.WriteAllTextAsync(
            config, (await File.ReadAllTextAsync(config)).Replace("\"yes\"", "\"\\ud83d\"", StringComparison.Ordinal));

        var installed = await ImportAsync(source);

        Assert.Equal(odd, ModelClassification.Of(installed.Manifest)!.Labels);
        await Assert.ThrowsAsync<ModelImportException>(() => ImportAsync(halved));
    }

    [Theory]
    [InlineData("{}", "no mapping")]
    [InlineData("[]", "no mapping")]
    [InlineData("no json", "not JSON")]
    [InlineData("""{"labels":{"yes":1}}""", "no mapping")]
    [InlineData("""{"labels":{"yes":null}}""", "no mapping")]
    [InlineData("""{"labels":{"yes":"hate"},"limit":1}""", "'limit' is unknown")]
    [InlineData("""{"labels":{"perhaps":"hate"}}""", "label 'perhaps'")]
    [InlineData("""{"labels":{"yes":"rudeness"}}""", "category 'rudeness'")]
    [InlineData("""{"labels":{"yes":"hate"},"thresholds":{"rudeness":0.5}}""", "category 'rudeness'")]
    [InlineData("""{"labels":{"yes":"hate"},"threshold":0}""", "threshold")]
    [InlineData("""{"labels":{"yes":"hate"},"threshold":1.5}""", "threshold")]
    [InlineData("""{"labels":{"yes":"hate"},"threshold":"high"}""", "no mapping")]
    [InlineData("""{"labels":{"yes":"hate"},"thresholds":{"hate":-1}}""", "threshold")]
    [InlineData("""{"labels":{"yes":[]}}""", "no category")]
    [InlineData("""{"labels":{}}""", "no category")]
    public async Task RunAsync_refuses_a_mapping_of_categories_that_is_wrong(string json, string why)
    {
        var source = ClassifierFolder.WriteSettings(_folder.File("source"), ["no", "yes"]);
        ClassifierFolder.WriteTable(source, 2, Words);
        ClassifierFolder.WriteModeration(source, json);

        await AssertRefusedAsync(source, why);
    }

    [Fact]
    public async Task RunAsync_refuses_a_graph_of_another_task_and_one_that_gives_no_numbers()
    {
        var other = ClassifierFolder.WriteSettings(_folder.File("other"), ["no", "yes"]);
        ClassifierFolder.WriteTable(other, 2, Words, output: "scores");
        var broken = ClassifierFolder.WriteSettings(_folder.File("broken"), ["no", "yes"]);
        ClassifierFolder.WriteTable(broken, 2, new Dictionary<string, float[]> { ["a"] = [float.NaN, 0] }); // The trial begins with it.

        await AssertRefusedAsync(other, "a classifier's is logits");
        await AssertRefusedAsync(broken, "no usable logits");
    }

    /// <summary>Outputs that are no logits for labels: of another rank, of no column, or infinite.</summary>
    [Theory]
    [InlineData("Identity", "float32 of rank 2")]
    [InlineData("Slice", "no usable logits")]
    [InlineData("Infinite", "no usable logits")]
    public async Task RunAsync_refuses_absurd_outputs(string last, string why)
    {
        var source = ClassifierFolder.WriteSettings(_folder.File("source"), ["no", "yes"]);
        using (var graph = new OnnxGraphBuilder(weightsPath: null))
        {
            graph.Input("input_ids", typeof(long), "batch", "tokens");
            graph.Input("attention_mask", typeof(long), "batch", "tokens");
            graph.Initializer("zero", new long[] { 0 }, 1);
            graph.Initializer("one", new long[] { 1 }, 1);
            graph.Initializer("huge", [float.MaxValue], 1);
            var numbers = graph.Node("Cast", ["input_ids"], ("to", 1));
            var huge = graph.Node("Mul", [graph.Node("Add", [numbers, "huge"]), "huge"]);
            var (type, inputs) = last switch
            {
                "Identity" => ("Unsqueeze", (string[])[numbers, "zero"]),
                "Slice" => ("Slice", [numbers, "zero", "zero", "one"]),
                _ => ("Slice", [huge, "zero", "one", "one"]),
            };
            graph.Node(type, domain: "", inputs, ["logits"]);
            graph.Output("logits", typeof(float), [.. last == "Identity" ? ["one"] : Array.Empty<object>(), "batch", "labels"]);
            graph.Write(Path.Combine(source, "model.onnx"));
        }

        await AssertRefusedAsync(source, why);
    }

    /// <summary>A RoBERTa's table of positions has two rows that no text uses.</summary>
    [Theory]
    [InlineData(64, 64)]
    [InlineData(66, 64)]
    public async Task RunAsync_finds_the_longest_input_that_the_graph_runs(int promised, int found)
    {
        var source = ClassifierFolder.WriteSettings(
            _folder.File("source"), ["no", "yes"], config => config["max_position_embeddings"] = promised);
        WritePositions(source, rows: 64);

        Assert.Equal(found, (await ImportAsync(source)).Manifest.Limits.ContextLength);
    }

    [Fact]
    public async Task RunAsync_refuses_a_longest_input_that_the_graph_does_not_run()
    {
        var source = ClassifierFolder.WriteSettings(
            _folder.File("source"), ["no", "yes"], config => config["max_position_embeddings"] = 512);
        WritePositions(source, rows: 64);

        await AssertRefusedAsync(source, "a row of 510 tokens, the longest that its files promise");
    }

    [Fact]
    public async Task RunAsync_names_a_file_that_is_missing()
    {
        var source = ClassifierFolder.WriteSettings(_folder.File("source"), ["no", "yes"]);
        await AssertRefusedAsync(source, "is neither"); // No graph.
        ClassifierFolder.WriteTable(source, 2, Words);
        File.Delete(Path.Combine(source, "tokenizer.json"));

        await AssertRefusedAsync(source, "There is no tokenizer");
    }

    [Fact]
    public async Task A_model_with_one_label_is_left_to_others()
    {
        var source = ClassifierFolder.WriteSettings(_folder.File("source"), ["LABEL_0"]);
        var nameless = ClassifierFolder.WriteSettings(_folder.File("nameless"), [], config => config.Remove("id2label"));
        ClassifierFolder.WriteTable(source, 1, new Dictionary<string, float[]>());
        ClassifierFolder.WriteTable(nameless, 1, new Dictionary<string, float[]>());

        Assert.False(new SequenceImporter(ranks: false).Takes(source)); // It ranks.
        await AssertRefusedAsync(nameless, "one logit");
    }

    [Fact]
    public async Task RunAsync_keeps_the_mapping_in_the_manifest()
    {
        var source = ClassifierFolder.WriteSettings(_folder.File("source"), ["no", "yes"]);
        ClassifierFolder.WriteTable(source, 2, Words);
        ClassifierFolder.WriteModeration(source, """{"labels":{"yes":"hate"}}""");

        var moderation = ClassifierFolder.Section(await ImportAsync(source)).GetProperty("moderation");

        Assert.Equal("hate", moderation.GetProperty("labels").GetProperty("yes")[0].GetString());
        Assert.Equal(0.5, moderation.GetProperty("threshold").GetDouble());
    }

    /// <summary>Writes a graph whose logits are the sum of a table's rows, one for each position.</summary>
    private static void WritePositions(string folder, int rows)
    {
        using var graph = new OnnxGraphBuilder(weightsPath: null);
        graph.Input("input_ids", typeof(long), "batch", "tokens");
        graph.Input("attention_mask", typeof(long), "batch", "tokens");
        graph.Initializer("table", new float[rows * 2], rows, 2);
        graph.Initializer("one", new long[] { 1 });
        graph.Initializer("axis", new long[] { 1 }, 1);
        var places = graph.Node("Sub", [graph.Node("CumSum", ["attention_mask", "one"]), "one"]);
        graph.Node("ReduceSum", domain: "", [graph.Node("Gather", ["table", places]), "axis"], ["logits"], ("keepdims", 0));
        graph.Output("logits", typeof(float), "batch", 2);
        graph.Write(Path.Combine(folder, "model.onnx"));
    }

    private Task<InstalledModel> ImportAsync(string path) => ClassifierFolder.ImportAsync(path, "classifier", _folder.File("models"));

    private async Task AssertRefusedAsync(string source, string why)
    {
        var refusal = await Assert.ThrowsAsync<ModelImportException>(() => ImportAsync(source));

        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.Exists(_folder.File("models")) ? Directory.EnumerateFileSystemEntries(_folder.File("models")) : []);
    }
}
