using System.Text.Json;
using System.Text.Json.Nodes;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Tests.Diffusion;

namespace Tollgate.Inference.Tests.Tasks.Drawing;

/// <summary>
/// A folder of Stable Diffusion XL's shape with random weights: two text encoders with their hidden states, a denoiser that reads the
/// states of both, the second one's vector of the whole text and the sizes, a decoder; all graphs as Optimum names their inputs and
/// outputs. Each input changes the picture.
/// </summary>
internal static class XlFolder
{
    public const int Tokens = 32;
    public const int Factor = 2;
    public const int NativeSide = 8;
    private const int Vocabulary = 779;
    private const int Channels = 4;
    private const int FirstWidth = 6;
    private const int SecondWidth = 10;
    private const int PooledWidth = 5;

    public static string Write(string folder)
    {
        var random = new Random(7);
        WriteJson("model_index.json", """
            {"_class_name":"StableDiffusionXLPipeline","force_zeros_for_empty_prompt":true,"feature_extractor":[null,null],
             "image_encoder":[null,null],"scheduler":["diffusers","EulerDiscreteScheduler"],
             "text_encoder":["transformers","CLIPTextModel"],"text_encoder_2":["transformers","CLIPTextModelWithProjection"],
             "tokenizer":["transformers","CLIPTokenizer"],"tokenizer_2":["transformers","CLIPTokenizer"],
             "unet":["diffusers","UNet2DConditionModel"],"vae_decoder":["diffusers","AutoencoderKL"]}
            """);
        WriteJson("scheduler/scheduler_config.json", """
            {"_class_name":"EulerDiscreteScheduler","num_train_timesteps":1000,"beta_start":0.00085,"beta_end":0.012,
             "beta_schedule":"scaled_linear","prediction_type":"epsilon","timestep_spacing":"leading","steps_offset":1,
             "interpolation_type":"linear","use_karras_sigmas":false}
            """);
        WriteJson("unet/config.json", """
            {"_class_name":"UNet2DConditionModel","sample_size":8,"in_channels":4,"out_channels":4,"cross_attention_dim":16,
             "block_out_channels":[8,16],"addition_embed_type":"text_time","addition_time_embed_dim":4,
             "projection_class_embeddings_input_dim":29}
            """);
        WriteJson("vae_decoder/config.json", """
            {"_class_name":"AutoencoderKL","block_out_channels":[8,16],"latent_channels":4,"scaling_factor":0.13025}
            """);
        CopyTokenizer("tokenizer", "<|endoftext|>");
        CopyTokenizer("tokenizer_2", "!");
        WriteEncoder("text_encoder", typeof(long), FirstWidth, pooled: null);
        WriteEncoder("text_encoder_2", typeof(int), SecondWidth, PooledWidth);
        WriteDenoiser();
        WriteDecoder();
        return folder;

        void WriteJson(string file, string json)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, file))!);
            File.WriteAllText(Path.Combine(folder, file), json);
        }

        void CopyTokenizer(string name, string padding)
        {
            var config = JsonNode.Parse(File.ReadAllText(Path.Combine(PainterFiles.Root, "tokenizer", "tokenizer_config.json")))!;
            config["pad_token"] = padding;
            WriteJson($"{name}/tokenizer_config.json", config.ToJsonString());
            foreach (var file in (string[])["vocab.json", "merges.txt"])
            {
                File.Copy(Path.Combine(PainterFiles.Root, "tokenizer", file), Path.Combine(folder, name, file));
            }
        }

        float[] Weights(int count, double size) => [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() - 0.5) * size))];

        void Save(OnnxGraphBuilder graph, string part)
        {
            Directory.CreateDirectory(Path.Combine(folder, part));
            graph.Write(Path.Combine(folder, part, "model.onnx"));
        }

        // Two layers, each of which mixes the tokens.
        void WriteEncoder(string part, Type ids, int width, int? pooled)
        {
            using var graph = new OnnxGraphBuilder(null);
            graph.Input("input_ids", ids, "batch", Tokens);
            graph.Initializer("table", Weights(Vocabulary * width, 4), Vocabulary, width);
            graph.Initializer("axis", new long[] { 1 }, 1);
            graph.Initializer("share", [1f / Tokens]);
            graph.Node("Gather", "", ["table", "input_ids"], ["hidden_states.0"]);
            for (var layer = 0; layer < 2; layer++)
            {
                graph.Initializer($"weights.{layer}", Weights(width * width, 3), width, width);
                var sum = graph.Node("ReduceSum", [$"hidden_states.{layer}", "axis"], ("keepdims", 1));
                var mixed = graph.Node("Add", [$"hidden_states.{layer}", graph.Node("Mul", [sum, "share"])]);
                graph.Node("Tanh", "", [graph.Node("MatMul", [mixed, $"weights.{layer}"])], [$"hidden_states.{layer + 1}"]);
            }

            graph.Initializer("norm", Weights(width, 2), width);
            graph.Node("Mul", "", ["hidden_states.2", "norm"], ["last_hidden_state"]);
            for (var layer = 0; layer < 3; layer++)
            {
                graph.Output($"hidden_states.{layer}", typeof(float), "batch", Tokens, width);
            }

            graph.Output("last_hidden_state", typeof(float), "batch", Tokens, width);
            if (pooled is { } whole)
            {
                graph.Initializer("projection", Weights(width * whole, 0.2), width, whole);
                var sum = graph.Node("ReduceSum", ["last_hidden_state", "axis"], ("keepdims", 0));
                graph.Node("MatMul", "", [sum, "projection"], ["text_embeds"]);
                graph.Output("text_embeds", typeof(float), "batch", whole);
            }

            Save(graph, part);
        }

        void WriteDenoiser()
        {
            using var graph = new OnnxGraphBuilder(null);
            graph.Input("sample", typeof(float), "batch", Channels, "height", "width");
            graph.Input("timestep", typeof(long), "steps");
            graph.Input("encoder_hidden_states", typeof(float), "batch", Tokens, FirstWidth + SecondWidth);
            graph.Input("text_embeds", typeof(float), "batch", PooledWidth);
            graph.Input("time_ids", typeof(float), "batch", 6);
            graph.Initializer("states.weights", Weights((FirstWidth + SecondWidth) * Channels, 3), FirstWidth + SecondWidth, Channels);
            graph.Initializer("whole.weights", Weights(PooledWidth * Channels, 1), PooledWidth, Channels);
            graph.Initializer("sizes.weights", Weights(6 * Channels, 0.05), 6, Channels);
            graph.Initializer("shape", new long[] { 0, Channels, 1, 1 }, 4);
            graph.Initializer("times.shape", new long[] { -1, 1, 1, 1 }, 4);
            graph.Initializer("times.scale", [0.0005f], 1);
            graph.Initializer("kernel", Weights(Channels * Channels * 9, 0.5), Channels, Channels, 3, 3);
            graph.Initializer("edges", new long[] { 0, 0, 1, 1, 0, 0, 1, 1 }, 8);
            graph.Initializer("axis", new long[] { 1 }, 1);
            graph.Initializer("share", [1f / Tokens]);
            var squares = graph.Node("Mul", ["encoder_hidden_states", "encoder_hidden_states"]);
            var mean = graph.Node("Mul", [graph.Node("ReduceSum", [squares, "axis"], ("keepdims", 0)), "share"]);
            var text = graph.Node("MatMul", [mean, "states.weights"]);
            var whole = graph.Node("MatMul", ["text_embeds", "whole.weights"]);
            var sizes = graph.Node("MatMul", ["time_ids", "sizes.weights"]);
            var condition = graph.Node("Add", [
                graph.Node("Reshape", [text, "shape"]), graph.Node("Reshape", [graph.Node("Add", [whole, sizes]), "shape"])]);
            var time = graph.Node("Reshape", [
                graph.Node("Mul", [graph.Node("Cast", ["timestep"], ("to", 1)), "times.scale"]), "times.shape"]);
            var seen = graph.Node("Conv", [graph.Node("Pad", ["sample", "edges"]), "kernel"]);
            var output = graph.Node("Add", [seen, graph.Node("Tanh", [graph.Node("Add", [condition, time])])]);
            graph.Node("Tanh", "", [output], ["out_sample"]);
            graph.Output("out_sample", typeof(float), "batch", Channels, "height", "width");
            Save(graph, "unet");
        }

        void WriteDecoder()
        {
            using var graph = new OnnxGraphBuilder(null);
            graph.Input("latent_sample", typeof(float), "batch", Channels, "height", "width");
            graph.Initializer("kernel", Weights(3 * Factor * Factor * Channels, 0.006), 3 * Factor * Factor, Channels, 1, 1);
            var wide = graph.Node("DepthToSpace", [graph.Node("Conv", ["latent_sample", "kernel"])], ("blocksize", Factor));
            graph.Node("Tanh", "", [wide], ["sample"]);
            graph.Output("sample", typeof(float), "batch", 3, "pixel_height", "pixel_width");
            Save(graph, "vae_decoder");
        }
    }

    /// <summary>Changes a member of a JSON file; null removes it.</summary>
    public static void Change(string path, string member, string? json)
    {
        var config = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        config.Remove(member);
        if (json is not null)
        {
            config[member] = JsonNode.Parse(json);
        }

        File.WriteAllText(path, config.ToJsonString(JsonSerializerOptions.Web));
    }
}
