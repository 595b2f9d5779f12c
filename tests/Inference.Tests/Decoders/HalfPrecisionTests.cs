using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks.Chat;
using Tollgate.Inference.Tests.Models;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Decoders;

/// <summary>Graphs in half precision, for CUDA. The processor runs them too, with casts around what it has no kernels for: what is rounded
/// is rounded here as there.</summary>
public sealed class HalfPrecisionTests
{
    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var family in TinyFamilies.All)
            {
                cases.Add(family.Name, ModelPrecisions.Float16);
            }

            foreach (var family in TinyFamilies.Quantized.Take(2))
            {
                cases.Add(family.Name, ModelPrecisions.Float16);
                cases.Add(family.Name, ModelPrecisions.Float16Int8);
                cases.Add(family.Name, ModelPrecisions.Float16Int4);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Every_number_between_ids_and_logits_has_16_bits_and_the_model_is_near_its_source(string name, string precision)
    {
        using var folder = new TemporaryFolder();
        var installed = await ImportAsync(folder, name, precision);
        var graph = await File.ReadAllBytesAsync(installed.PathOf("model.onnx"));
        var sessions = new SessionFactory(ExecutionProvider.Cpu);

        using var session = sessions.Open(installed.PathOf("model.onnx"));

        var weights = new HashSet<TensorElementType>(WeightTypes(graph));
        weights.ExceptWith([TensorElementType.Int64, TensorElementType.UInt8]);
        Assert.Equal([TensorElementType.Float16], weights);
        Assert.Equal(TensorElementType.Float16, CacheType.Of(session));
        Assert.Equal(TensorElementType.Float, session.OutputMetadata["logits"].ElementDataType);
        Assert.DoesNotContain("Shape", OnnxInspection.Read(graph).Operators); // CUDA would compute with it on the processor
        Assert.Equal(precision, installed.Manifest.Precision);
        Assert.Equal(["cuda"], installed.Manifest.ExecutionProviders);
        Assert.Equal(KeyValueTypes.Float16, ModelDecoder.Of(installed.Manifest)!.KeyValues);
        Assert.InRange(installed.Manifest.Parity!.Divergence, 0, precision == ModelPrecisions.Float16 ? 1e-3 : 1);
    }

    [Fact]
    public async Task The_processor_refuses_it_by_name_and_CUDA_refuses_float32()
    {
        using var folder = new TemporaryFolder();
        var half = await ImportAsync(folder, TinyFamilies.All[0].Name, ModelPrecisions.Float16);
        var exact = await ImportAsync(folder, TinyFamilies.All[0].Name, ModelPrecisions.Float32);

        var onProcessor = await Assert.ThrowsAsync<ModelImportException>(() => LoadAsync(half, ExecutionProvider.Cpu));
        var onCuda = await Assert.ThrowsAsync<ModelImportException>(() => LoadAsync(exact, new ExecutionProvider("cuda", "test")));

        Assert.Contains("'tiny-f16' 1 has the precision 'f16', which only CUDA computes", onProcessor.Message, StringComparison.Ordinal);
        Assert.Contains("Execution:Provider=cuda", onProcessor.Message, StringComparison.Ordinal);
        Assert.Contains("'tiny-f32' 1 computes attention in float32, which CUDA does not", onCuda.Message, StringComparison.Ordinal);
        Assert.Equal(["cpu"], exact.Manifest.ExecutionProviders);
        Assert.Contains(half.Manifest.Notes!, note => note.Contains("untested on a GPU", StringComparison.Ordinal));
    }

    [SharedFact("models/smollm2-135m-instruct")]
    public async Task SmolLM2_chooses_the_tokens_of_float32_where_they_are_decisive()
    {
        using var folder = new TemporaryFolder();
        var file = ModelFiles.SharedModel("smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf");
        var installed = await ModelImport.RunAsync(
            file, "smol", folder.File("models"), new() { Precision = ModelPrecisions.Float16 }, null, CancellationToken.None);

        var parity = installed.Manifest.Parity!;

        Assert.InRange(parity.Divergence, 0, 1e-3);
        Assert.InRange(parity.WidestMargin, 0, 0.1f);
        Assert.InRange(parity.Agreed, parity.Tokens - 3, parity.Tokens);
    }

    private static async Task<InstalledModel> ImportAsync(TemporaryFolder folder, string name, string precision)
    {
        var family = TinyFamilies.Everything.Single(one => one.Name == name);
        var path = folder.File($"{precision}.gguf");
        family.Write(path);
        return await ModelImport.RunAsync(
            path, $"tiny-{precision}", folder.File("models"), new() { Precision = precision, ParityBound = 1 }, null,
            CancellationToken.None);
    }

    private static Task<DecoderModel> LoadAsync(InstalledModel installed, ExecutionProvider provider) =>
        DecoderModel.LoadAsync(installed, new SessionFactory(provider), TimeProvider.System, CancellationToken.None);

    private static List<TensorElementType> WeightTypes(byte[] model)
    {
        var types = new List<TensorElementType>();
        var fields = new ProtoReader(model);
        while (OnnxFields.Model.Next(ref fields))
        {
            if (fields.Field != 7)
            {
                continue;
            }

            var graph = new ProtoReader(fields.Bytes);
            while (OnnxFields.Graph.Next(ref graph))
            {
                if (graph.Field == 5)
                {
                    types.Add(OnnxTensor.Read(graph.Bytes, folder: null).Tensor.Type);
                }
            }
        }

        return types;
    }
}
