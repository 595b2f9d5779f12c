using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tests.Models;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Onnx;

/// <summary>ONNX Runtime sees no file that holds more than the inspection knows.</summary>
public sealed class OnnxInspectionTests
{
    /// <summary>Fields of onnx.proto3 that change what a model does, and one that nobody has defined yet, at every level.</summary>
    [Theory]
    [InlineData("ModelProto", 25, "local functions")]
    [InlineData("ModelProto", 20, "training information")]
    [InlineData("ModelProto", 99, "field 99 of ModelProto")]
    [InlineData("GraphProto", 15, "sparse initializers")]
    [InlineData("GraphProto", 99, "field 99 of GraphProto")]
    [InlineData("NodeProto", 8, "overloaded functions")]
    [InlineData("NodeProto", 99, "field 99 of NodeProto")]
    [InlineData("AttributeProto", 22, "sparse tensors")]
    [InlineData("AttributeProto", 23, "sparse tensors")]
    [InlineData("AttributeProto", 21, "references to attributes")]
    [InlineData("AttributeProto", 99, "field 99 of AttributeProto")]
    [InlineData("TensorProto", 3, "tensors in segments")]
    [InlineData("TensorProto", 99, "field 99 of TensorProto")]
    [InlineData("ValueInfoProto", 99, "field 99 of ValueInfoProto")]
    [InlineData("TypeProto", 8, "sparse tensors")]
    [InlineData("TypeProto", 7, "opaque types")]
    public void Read_refuses_fields_that_it_does_not_know(string message, int field, string named)
    {
        foreach (var depth in (ReadOnlySpan<int>)[0, 3])
        {
            var model = Build(message, writer => writer.Text(field, "x"), depth);

            var refusal = Assert.Throws<ModelImportException>(() => OnnxInspection.Read(model.Span));

            Assert.Contains(named, refusal.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>A field of another wire type than its own is a field that protobuf skips.</summary>
    [Theory]
    [InlineData("ModelProto", 7)]
    [InlineData("GraphProto", 5)]
    [InlineData("NodeProto", 5)]
    [InlineData("TensorProto", 13)]
    public void Read_refuses_fields_of_another_wire_type(string message, int field) =>
        Assert.Throws<ModelImportException>(() => OnnxInspection.Read(Build(message, writer => writer.Number(field, 1), 0).Span));

    [Fact]
    public void Read_takes_a_sound_model_and_refuses_it_cut_or_with_a_second_graph()
    {
        var sound = Build("", _ => { }, 2);
        var inspection = OnnxInspection.Read(sound.Span);

        Assert.Contains("If", inspection.Operators);
        Assert.Equal(["x"], inspection.Inputs);
        Assert.Equal(["y"], inspection.Outputs);
        Assert.Throws<ModelImportException>(() => OnnxInspection.Read(sound.Span[..^1]));
        Assert.Throws<ModelImportException>(() => OnnxInspection.Read(Build("ModelProto", w => w.Text(7, ""), 0).Span));
    }

    [Fact]
    public void Read_refuses_graphs_and_types_that_are_nested_without_end()
    {
        Assert.Throws<ModelImportException>(() => OnnxInspection.Read(Build("", _ => { }, 200).Span));
        Assert.Throws<ModelImportException>(() => OnnxInspection.Read(Build("ValueInfoProto", w => w.Message(2, NestedType(200)), 0).Span));
    }

    [Fact]
    public void Read_of_a_file_with_any_byte_changed_gives_an_answer_or_a_refusal()
    {
        var sound = Build("TensorProto", w => w.Message(13, Entry("location", "weights.bin")), 2).ToArray();
        var random = new Random(5);
        for (var i = 0; i < 20_000; i++)
        {
            var changed = sound.ToArray();
            changed[random.Next(changed.Length)] = (byte)random.Next(256);

            var failure = Record.Exception(() => OnnxInspection.Read(changed));

            Assert.True(failure is null or ModelImportException, $"{failure}");
        }
    }

    /// <summary>Weights in other files, in the graph, in an attribute and in a graph within one.</summary>
    [Theory]
    [InlineData("../weights.bin", "plain lower-case file name")]
    [InlineData("/etc/passwd", "plain lower-case file name")]
    [InlineData("*/_ORT_MEM_ADDR_/*", "plain lower-case file name")]
    [InlineData("model.json", "plain lower-case file name")]
    [InlineData("absent.bin", "not beside the model")]
    [InlineData("link.bin", "not beside the model")]
    [InlineData("short.bin", "shorter than the 5000 bytes")]
    public async Task RunAsync_refuses_weights_outside_the_folder(string location, string why)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder.File("short.bin"), new byte[100]);
        File.CreateSymbolicLink(folder.File("link.bin"), "/etc/passwd");
        foreach (var depth in (int[])[0, 2])
        {
            var model = Build(
                "TensorProto",
                writer =>
                {
                    writer.Message(13, Entry("location", location));
                    writer.Message(13, Entry("offset", "4096"));
                    writer.Message(13, Entry("length", "904"));
                    writer.Number(14, 1);
                },
                depth);
            await File.WriteAllBytesAsync(folder.File("hostile.onnx"), model.ToArray());

            var refusal = await Assert.ThrowsAsync<ModelImportException>(() => ImportAsync(folder.File("hostile.onnx"), folder));

            Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
            Assert.Empty(Directory.EnumerateFileSystemEntries(folder.File("models")));
        }
    }

    [Theory]
    [InlineData("offset", "-1")]
    [InlineData("length", "9223372036854775807")]
    [InlineData("basepath", "/")]
    [InlineData("location", "other.bin")]
    public void Read_refuses_external_entries_that_are_odd(string key, string value) => Assert.Throws<ModelImportException>(
        () => OnnxInspection.Read(Build(
            "TensorProto",
            writer =>
            {
                writer.Message(13, Entry("location", "weights.bin"));
                writer.Message(13, Entry(key, value));
                writer.Number(14, 1);
            },
            0).Span));

    [SharedFact("models/efficientnet-lite0")]
    public async Task RunAsync_names_the_task_of_a_file_that_it_does_not_take()
    {
        using var folder = new TemporaryFolder();
        foreach (var (file, task) in ((string, string)[])
        [
            ("efficientnet-lite0/model.onnx", "image classification"),
            ("whisper-tiny.en/encoder_model_quantized.onnx", "speech"),
            ("whisper-tiny.en/decoder_model_merged_quantized.onnx", "generation by an encoder and a decoder"),
            ("reference/training/bert/forward.onnx", "classification or ranking of text"),
        ])
        {
            var refusal = await Assert.ThrowsAsync<ModelImportException>(() => ImportAsync(ModelFiles.SharedModel(file), folder));

            Assert.Contains($"model for {task}", refusal.Message, StringComparison.Ordinal);
        }
    }

    private static Task<InstalledModel> ImportAsync(string file, TemporaryFolder folder) => ModelImport.RunAsync(
        file,
        "hostile",
        folder.File("models"),
        new ModelImportOptions { TokenizerFile = Path.Combine(ModelFiles.Defaults, "tiny-embed", "tokenizer.json") },
        progress: null,
        CancellationToken.None);

    /// <summary>A model whose graph holds a node with a graph as attribute, and so on; a message of one kind at the bottom is
    /// changed.</summary>
    private static ReadOnlyMemory<byte> Build(string message, Action<ProtoWriter> change, int depth)
    {
        var graph = Graph(Innermost(0), 0);
        for (var level = 1; level <= depth; level++)
        {
            graph = Graph(Innermost(level, graph), level);
        }

        var model = new ProtoWriter();
        model.Number(1, 9);
        model.Message(7, graph);
        Change("ModelProto", model, depth);
        return model.Written;

        ProtoWriter Graph(ProtoWriter node, int level)
        {
            var writer = new ProtoWriter();
            writer.Message(1, node);
            var tensor = new ProtoWriter();
            tensor.Number(1, 4);
            tensor.Text(8, "w");
            Change("TensorProto", tensor, level);
            writer.Message(5, tensor);
            writer.Message(11, Value("x", level));
            writer.Message(12, Value("y", level));
            Change("GraphProto", writer, level);
            return writer;
        }

        ProtoWriter Value(string name, int level)
        {
            var (shape, type, value) = (new ProtoWriter(), new ProtoWriter(), new ProtoWriter());
            shape.Number(1, 1);
            type.Message(1, shape);
            Change("TypeProto", type, level);
            value.Text(1, name);
            value.Message(2, type);
            Change("ValueInfoProto", value, level);
            return value;
        }

        ProtoWriter Innermost(int level, ProtoWriter? inner = null)
        {
            var (attribute, node) = (new ProtoWriter(), new ProtoWriter());
            attribute.Text(1, "then_branch");
            if (inner is not null)
            {
                attribute.Message(6, inner);
            }

            Change("AttributeProto", attribute, level);
            node.Text(4, inner is null ? "Identity" : "If");
            node.Message(5, attribute);
            Change("NodeProto", node, level);
            return node;
        }

        void Change(string kind, ProtoWriter writer, int level)
        {
            if (kind == message && level == (kind == "ModelProto" ? depth : 0))
            {
                change(writer);
            }
        }
    }

    private static ProtoWriter NestedType(int depth)
    {
        var type = new ProtoWriter();
        for (var i = 0; i < depth; i++)
        {
            var (sequence, outer) = (new ProtoWriter(), new ProtoWriter());
            sequence.Message(1, type);
            outer.Message(4, sequence);
            type = outer;
        }

        return type;
    }

    private static ProtoWriter Entry(string key, string value)
    {
        var entry = new ProtoWriter();
        entry.Text(1, key);
        entry.Text(2, value);
        return entry;
    }
}
